"""Texts of few words, so that they meet; and queries over the same words."""

from hypothesis import strategies as st

WORDS = ("bank", "Banks", "bang", "cup", "CUPS", "harbour", "it", "a", "3", "Zoë", "foo", "bar")
# One token or several to the stock analyzer (Unicode's word boundaries).
TRICKY = (
    "foo-bar", "bar/foo", "don't", "example.com", "3.14", "1,000", "a_b", "a:b", "中文", "文",
    "😀", "カタ", "한국어", "naïve", "U.S.A.", "&", "--", "...", "@bank", "#cup", "cup!", "it’s",
)  # fmt: skip
SPACES = st.sampled_from([" ", " ", " ", "\n", "\t", ", "])


def texts() -> st.SearchStrategy[str]:
    """Up to six words."""
    word = st.sampled_from(WORDS) | st.sampled_from(TRICKY)
    return st.lists(st.tuples(word, SPACES), max_size=6).map(
        lambda parts: "".join(word + space for word, space in parts).strip()
    )


def words() -> st.SearchStrategy[str]:
    """A word, a beginning of one or one with a mistake, with its operator."""
    word = st.sampled_from(WORDS) | st.sampled_from(TRICKY)
    broken = st.sampled_from(["bnak", "cop", "harbor", "ot", "x", "ba"])
    fuzzy = st.builds(
        lambda w, n: f"{w}~{n}", st.sampled_from(WORDS) | broken, st.sampled_from(["", 0, 1, 2, 9])
    )
    prefix = st.sampled_from(["ba*", "c*", "B*", "foo-b*", "3*", "*", "z*", "a*b", "中*", "exam*"])
    phrase = st.builds(
        lambda ws, n: f'"{" ".join(ws)}"{n}',
        st.lists(word, min_size=1, max_size=3),
        st.sampled_from(["", "", "~1", "~2", "~5", "~", "~x"]),
    )
    return word | fuzzy | prefix | phrase


def queries() -> st.SearchStrategy[str]:
    """Words joined by operators, in groups, with operators that stand wrong."""
    joint = st.sampled_from([" ", " ", " + ", " | ", "|", " -", " - ", "+", " --", ") ", " ("])
    flat = st.lists(st.tuples(words(), joint), min_size=1, max_size=4).map(
        lambda parts: "".join(word + joint for word, joint in parts)
    )
    group = flat.map(lambda inner: f"({inner})")
    return st.one_of(words(), flat, st.builds(lambda a, b, c: a + b + c, flat, group, flat))
