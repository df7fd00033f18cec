#!/usr/bin/python3
"""Writes UnicodeTables.inc: character classes and canonical (de)composition.

Source: Python's unicodedata, which in Debian 12 is Unicode 14.0. Usage, from
the repository root:

    /usr/bin/python3 runtime/text/generate/unicode_tables.py \
        > runtime/text/generate/UnicodeTables.inc
"""
import sys
import unicodedata as ud

LIMIT = 0x110000
WHITE_SPACE = {*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680,
               *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
CLASSES = ["Other", "Upper", "Lower", "Title", "Letter", "Mark", "Digit",
           "LetterNumber", "OtherNumber", "Punctuation", "Connector", "Space"]
BY_CATEGORY = {"Lu": "Upper", "Ll": "Lower", "Lt": "Title", "Lm": "Letter",
               "Lo": "Letter", "Mn": "Mark", "Mc": "Mark", "Me": "Mark",
               "Nd": "Digit", "Nl": "LetterNumber", "No": "OtherNumber",
               "Pc": "Connector", "Pd": "Punctuation", "Ps": "Punctuation",
               "Pe": "Punctuation", "Pi": "Punctuation", "Pf": "Punctuation",
               "Po": "Punctuation"}
EVEN_UPPER = 16  # even code points are Upper, odd ones Lower
EVEN_LOWER = 17  # the other way round


def char_class(cp):
    if cp in WHITE_SPACE:
        return CLASSES.index("Space")
    name = BY_CATEGORY.get(ud.category(chr(cp)), "Other")
    return CLASSES.index(name)


def class_ranges():
    upper, lower = CLASSES.index("Upper"), CLASSES.index("Lower")
    classes = [char_class(cp) for cp in range(LIMIT)]
    ranges, cp = [], 0
    while cp < LIMIT:
        end = cp + 1
        if classes[cp] in (upper, lower):
            while end < LIMIT and classes[end] == (
                    upper + lower - classes[end - 1]):
                end += 1
            if end - cp >= 4:
                even_upper = (classes[cp] == upper) == (cp % 2 == 0)
                ranges.append((cp, EVEN_UPPER if even_upper else EVEN_LOWER))
                cp = end
                continue
            end = cp + 1
        while end < LIMIT and classes[end] == classes[cp]:
            end += 1
            # Leave the last of a run to an alternating range that begins there.
            if classes[cp] in (upper, lower) and end + 3 < LIMIT and all(
                    classes[end + i] == (classes[cp] if i % 2 == 0
                                         else upper + lower - classes[cp])
                    for i in range(4)):
                break
        ranges.append((cp, classes[cp]))
        cp = end
    return [r for i, r in enumerate(ranges) if i == 0 or ranges[i - 1][1] != r[1]]


def combining_ranges():
    ranges, last = [], None
    for cp in range(LIMIT):
        ccc = ud.combining(chr(cp))
        if ccc != last:
            ranges.append((cp, ccc))
            last = ccc
    return ranges


def decompositions():
    table = {}
    for cp in range(LIMIT):
        text = ud.decomposition(chr(cp))
        if text and not text.startswith("<"):
            table[cp] = [int(part, 16) for part in text.split()]
    return table


def emit(name, kind, values, comment):
    print(f"\n// {comment}")
    print(f"static const {kind} {name}[{len(values)}] = {{")
    line = "   "
    for value in values:
        text = f" 0x{value:X},"
        if len(line) + len(text) > 80:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")


def main():
    table = decompositions()
    bmp = [(c, d) for c, d in sorted(table.items())
           if c < 0x10000 and max(d) < 0x10000]
    wide = [(c, d) for c, d in sorted(table.items())
            if (c, d) not in bmp and not 0x2F800 <= c <= 0x2FA1D]
    cjk = [table[c][0] for c in range(0x2F800, 0x2FA1E)]
    assert all(len(table[c]) == 1 for c in range(0x2F800, 0x2FA1E))

    def primary(c):
        return len(table[c]) == 2 and ud.normalize("NFC", chr(c)) == chr(c)

    compose = sorted((d[0], d[1], i) for i, (c, d) in enumerate(bmp) if primary(c))
    compose_wide = sorted((d[0], d[1], i) for i, (c, d) in enumerate(wide)
                          if primary(c))
    print("//===- UnicodeTables.inc - GENERATED, do not edit "
          "----------------*- C++ -*-===//\n//")
    print(f"// Unicode {ud.unidata_version}; "
          "written by runtime/text/generate/unicode_tables.py.\n//")
    print("//===----------------------------------------------------------"
          "--------------===//")
    for i, name in enumerate(CLASSES):
        if i == 0:
            print()
        print(f"// class {i}: {name}")
    print(f"// class {EVEN_UPPER}: even Upper, odd Lower; "
          f"class {EVEN_LOWER}: even Lower, odd Upper")
    emit("kClassRanges", "uint32_t",
         [cp << 8 | c for cp, c in class_ranges()],
         "First code point << 8 | class; up to the next entry.")
    emit("kCombiningRanges", "uint32_t",
         [cp << 8 | c for cp, c in combining_ranges()],
         "First code point << 8 | canonical combining class.")
    emit("kDecompositions", "uint16_t",
         [v for c, d in bmp for v in (c, d[0], d[1] if len(d) > 1 else 0)],
         "Composite, first, second or 0; ascending by composite.")
    emit("kCompositions", "uint16_t", [i for _, _, i in compose],
         "Rows of kDecompositions that compose, ascending by first, second.")
    emit("kWideDecompositions", "uint32_t",
         [v for c, d in wide for v in (c, d[0], d[1] if len(d) > 1 else 0)],
         "As kDecompositions, for what does not fit 16 bits.")
    emit("kWideCompositions", "uint16_t", [i for _, _, i in compose_wide],
         "As kCompositions, rows of kWideDecompositions.")
    emit("kCjkSupplement", "uint32_t", cjk,
         "What U+2F800 and the following stand for.")
    total = 4 * (len(class_ranges()) + len(combining_ranges()) + len(cjk)
                 + 3 * len(wide)) + 2 * (3 * len(bmp) + len(compose)
                                         + len(compose_wide))
    print(f"{total} bytes of tables, {len(class_ranges())} class ranges, "
          f"{len(combining_ranges())} combining ranges, {len(bmp)} + {len(wide)} "
          "decompositions", file=sys.stderr)


if __name__ == "__main__":
    main()
