// markdown.ts: the Markdown that models write, as DOM nodes: headings,
// paragraphs, lists, quotes, code, tables, emphasis, links. The text comes from a
// model and is not trusted: nodes are made by name from the fixed set below, text
// only ever becomes text nodes, there are no images and no HTML, and a link must
// be http or https. Nesting is bounded.

/** The names of elements that a reply can consist of; a test holds it to them. */
export const replyElements = [
  "p", "h4", "pre", "code", "strong", "em", "del", "a", "ul", "ol", "li", "blockquote",
  "hr", "table", "thead", "tbody", "tr", "th", "td",
] as const;
type ReplyElement = (typeof replyElements)[number];

const maxDepth = 8;

function element(name: ReplyElement, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** Text cut into blocks; each is what one top-level element is made of. A fenced
 * block that has not ended yet reaches to the end. */
export function splitBlocks(text: string): string[] {
  const blocks: string[] = [];
  let lines: string[] = [];
  let fence = "";
  const end = () => {
    if (lines.length > 0) blocks.push(lines.join("\n"));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== "") {
      lines.push(line);
      if (mark?.startsWith(fence) && line.trim() === mark) {
        fence = "";
        end();
      }
    } else if (mark !== undefined) {
      end();
      fence = mark;
      lines.push(line);
    } else if (line.trim() === "") {
      end();
    } else if (/^ {0,3}#{1,6} /.test(line) || isRule(line)) {
      end();
      blocks.push(line);
    } else {
      // A list may begin directly below a paragraph.
      if (lines.length > 0 && beginsList.test(line) && !/^\s*([-*+>]|\d+[.)])\s/.test(lines[0]!)) end();
      lines.push(line);
    }
  }
  end();
  return blocks;
}

const isRule = (line: string) => /^ {0,3}([-*_])( *\1){2,} *$/.test(line);
const listItem = /^(\s{0,12})([-*+]|\d{1,9}[.)])\s+(.*)$/;
const beginsList = /^ {0,3}([-*+]|1[.)])\s+\S/;
const isTableRule = (line: string) => line.includes("|") && /^[\s|:-]+$/.test(line) && line.includes("-");

/** One block as an element. */
export function renderBlock(block: string, depth = 0): HTMLElement {
  const lines = block.split("\n");
  const first = lines[0]!;
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(first)?.[1];
  if (fence !== undefined) {
    const last = lines.at(-1)!.trim();
    const closed = lines.length > 1 && last.startsWith(fence);
    return element("pre", element("code", lines.slice(1, closed ? -1 : undefined).join("\n")));
  }
  const heading = /^ {0,3}(#{1,6}) +(.*?)(?: +#+)? *$/.exec(first);
  if (heading && lines.length === 1) {
    // All of one level, the one below a message's: replies begin anywhere.
    return element("h4", ...renderInline(heading[2]!));
  }
  if (isRule(first) && lines.length === 1) return element("hr");
  if (depth < maxDepth && first.startsWith(">")) {
    const inner = lines.map((line) => line.replace(/^> ?/, "")).join("\n");
    return element("blockquote", ...splitBlocks(inner).map((part) => renderBlock(part, depth + 1)));
  }
  if (depth < maxDepth && listItem.test(first)) return renderList(lines, depth);
  if (lines.length > 1 && first.includes("|") && isTableRule(lines[1]!)) return renderTable(lines);
  return element("p", ...renderInline(block));
}

function renderList(lines: string[], depth: number): HTMLElement {
  const indent = listItem.exec(lines[0]!)![1]!.length;
  const ordered = /^\s*\d/.test(lines[0]!);
  const list = element(ordered ? "ol" : "ul");
  if (ordered) {
    const start = parseInt(lines[0]!, 10);
    if (start !== 1) (list as HTMLOListElement).start = start;
  }
  let at = 0;
  while (at < lines.length) {
    const own = [listItem.exec(lines[at]!)?.[3] ?? lines[at]!];
    const inner: string[] = [];
    for (++at; at < lines.length; ++at) {
      const item = listItem.exec(lines[at]!);
      if (item && item[1]!.length <= indent + 1) break;
      if (item || inner.length > 0) inner.push(lines[at]!);
      else own.push(lines[at]!.trim());
    }
    const entry = element("li", ...renderInline(own.join("\n")));
    if (inner.length > 0) {
      if (depth + 1 < maxDepth) entry.append(renderList(inner, depth + 1));
      else entry.append(`\n${inner.join("\n")}`);
    }
    list.append(entry);
  }
  return list;
}

function cells(line: string): string[] {
  return line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").map((cell) => cell.trim());
}

function renderTable(lines: string[]): HTMLElement {
  const row = (line: string, name: "th" | "td") =>
    element("tr", ...cells(line).map((cell) => element(name, ...renderInline(cell))));
  return element(
    "table",
    element("thead", row(lines[0]!, "th")),
    element("tbody", ...lines.slice(2).map((line) => row(line, "td"))),
  );
}

/** Marks inside a paragraph; a mark without its partner is a text. */
const inline =
  /(`+)([^`]|[^`][^]*?[^`])\1(?!`)|\*\*(?=\S)((?:[^*]|\*(?!\*))+?)(?<=\S)\*\*|__(?=\S)([^_]+?)(?<=\S)__(?!\w)|\*(?=\S)([^*]+?)(?<=\S)\*|(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)|~~(?=\S)([^~]+?)(?<=\S)~~|\[([^\[\]\n]{1,500})\]\(([^()\s]{1,2000})\)/g;

function renderInline(text: string, depth = 0): (Node | string)[] {
  if (depth >= maxDepth) return [text];
  const nodes: (Node | string)[] = [];
  let from = 0;
  for (const match of text.matchAll(inline)) {
    const [all, , code, strong1, strong2, em1, em2, struck, label, address] = match;
    nodes.push(text.slice(from, match.index));
    from = match.index + all.length;
    const strong = strong1 ?? strong2;
    const em = em1 ?? em2;
    if (code !== undefined) nodes.push(element("code", code.replace(/^ (.+) $/, "$1")));
    else if (strong !== undefined) nodes.push(element("strong", ...renderInline(strong, depth + 1)));
    else if (em !== undefined) nodes.push(element("em", ...renderInline(em, depth + 1)));
    else if (struck !== undefined) nodes.push(element("del", ...renderInline(struck, depth + 1)));
    else nodes.push(renderLink(label!, address!) ?? all);
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

/** A link, or undefined where the address is not one of the web. */
function renderLink(label: string, address: string): HTMLElement | undefined {
  let url: URL;
  try {
    url = new URL(address); // absolute only
  } catch {
    return undefined;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const link = element("a", label) as HTMLAnchorElement;
  link.href = url.href;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  link.title = url.href;
  return link;
}

/** Shows a text that grows in `target`: only blocks that changed are made anew. */
export class MarkdownView {
  private blocks: string[] = [];
  constructor(private readonly target: HTMLElement) {}

  show(text: string): void {
    const blocks = splitBlocks(text);
    let same = 0;
    while (same < blocks.length && blocks[same] === this.blocks[same]) ++same;
    while (this.target.childNodes.length > same) this.target.lastChild!.remove();
    this.target.append(...blocks.slice(same).map((block) => renderBlock(block)));
    this.blocks = blocks;
  }
}
