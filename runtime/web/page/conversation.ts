// conversation.ts: the messages on the page. What the user wrote is a text node;
// what the model writes goes through markdown.ts. A reader hears a reply sentence
// by sentence from #spoken, not token by token.
import { byId, make, makeButton } from "./dom.js";
import { MarkdownView } from "./markdown.js";

export interface Message {
  readonly role: "user" | "assistant";
  content: string;
}

/** Cuts a growing text into sentences, for readers. */
export class SentenceFeed {
  private told = 0;
  /** What became complete since the last call; all of the rest at the end. */
  next(text: string, atEnd: boolean): string {
    const rest = text.slice(this.told);
    const end = atEnd ? rest.length : (/^[^]*[.!?\u3002\uff01\uff1f:](?=\s)|^[^]*\n/.exec(rest)?.[0].length ?? 0);
    this.told += end;
    return rest.slice(0, end).trim();
  }
}

/** A reply that is being written. */
export class ReplyView {
  readonly element: HTMLLIElement;
  text = "";
  private readonly body = make("div", "text");
  private readonly tools = make("div", "tools");
  private readonly markdown = new MarkdownView(this.body);
  private readonly sentences = new SentenceFeed();
  private readonly spoken = byId("spoken", HTMLElement);
  private frame = 0;

  constructor(name: string, private readonly follow: () => void) {
    this.element = make("li", "message busy", make("h3", "", name), this.body, this.tools);
    this.element.setAttribute("aria-busy", "true");
    this.spoken.replaceChildren();
  }

  append(text: string): void {
    this.text += text;
    // Many tokens may come between two pictures; the page is drawn once.
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** The reply is over; note: why it ended, where that is not plain. */
  end(note: string, regenerate: (() => void) | undefined): void {
    this.draw(true);
    this.element.classList.remove("busy");
    this.element.removeAttribute("aria-busy");
    if (note !== "") this.tools.before(make("p", "ending", note));
    const copy = makeButton("Copy", "quiet", () => void this.copy(copy));
    this.tools.append(copy);
    if (regenerate !== undefined) this.tools.append(makeButton("Regenerate", "quiet regenerate", regenerate));
    this.follow();
  }

  private async copy(button: HTMLButtonElement): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow copying";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }

  private draw(atEnd = false): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.markdown.show(this.text);
    const sentence = this.sentences.next(this.text, atEnd);
    if (sentence !== "") this.spoken.append(make("p", "", sentence));
    this.follow();
  }
}

/** The list of messages; keeps the newest in sight unless the user scrolled up. */
export class ConversationView {
  private readonly list = byId("messages", HTMLOListElement);
  private readonly empty = byId("empty", HTMLElement);

  addUser(text: string): void {
    const body = make("div", "text", text);
    this.list.append(make("li", "message mine", make("h3", "", "You"), body));
    this.empty.hidden = true;
    this.scrollToEnd();
  }

  addReply(name: string): ReplyView {
    for (const old of this.list.querySelectorAll(".regenerate")) old.remove();
    const scroller = document.scrollingElement!;
    const reply = new ReplyView(name, () => {
      const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      if (below < 120) this.scrollToEnd();
    });
    this.list.append(reply.element);
    this.empty.hidden = true;
    this.scrollToEnd();
    return reply;
  }

  removeLast(): void {
    this.list.lastElementChild?.remove();
  }

  clear(): void {
    this.list.replaceChildren();
    byId("spoken", HTMLElement).replaceChildren();
    this.empty.hidden = false;
  }

  private scrollToEnd(): void {
    const scroller = document.scrollingElement!;
    scroller.scrollTop = scroller.scrollHeight;
  }
}
