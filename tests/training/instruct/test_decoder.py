"""The offline decoder: words of the desk, and heads that can copy before anything is learned."""

import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from corpus.articles import Span
from corpus.instruct.answers import Answer, Questions, mentions, places, to_json
from corpus.instruct.pairs import Pair, pair
from tests.training.instruct.tiny import tiny_pairs
from training.encoder import OFFLINE, encoder_path
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder
from training.instruct.generate import prompt_ids
from training.instruct.heads import HEAD, HEADS, balance
from training.instruct.stream import STREAM
from training.instruct.tokens import CONTEXT
from training.instruct.weights import weights_digest

ARTICLES = 120
CLEAR = Questions(("World", "Sports", "Business", "Sci/Tech"), ("person", "organization"))


def sample_pairs(first: int = 0, end: int = ARTICLES) -> list[Pair]:
    """Of the sample desk: the tiny articles have too few words to tell rare from common."""
    lines = Path("sample/news.jsonl").read_text(encoding="utf-8").splitlines()[first:end]
    found = []
    for row in map(json.loads, lines):
        spans = [Span(s["start"], s["end"], s["label"]) for s in row["spans"]]
        answer = Answer(row["topic"], mentions(row["text"], spans))
        found.append(pair(row["title"], row["text"], answer, "train", CLEAR))
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("decoder") / "base"
    make_decoder(sample_pairs, 1, folder)
    found = load_base(str(folder), "a/base")
    found.model.set_attn_implementation("eager")
    return found


def begun(base: Base, pair: Pair, answer: str) -> list[int]:
    """The chat up to here."""
    ids: list[int] = base.tokenizer(answer)["input_ids"]
    return prompt_ids(pair, base.tokenizer) + ids


@torch.no_grad()
def attended(base: Base, ids: list[int], layer: int, head: int) -> torch.Tensor:
    """(to, from): how much each token attends to each."""
    seen = base.model(input_ids=torch.tensor([ids]), output_attentions=True)
    weights: torch.Tensor = seen.attentions[layer][0, head]
    return weights


def test_the_first_layer_looks_back_one(base: Base) -> None:
    ids = begun(base, sample_pairs()[0], '{"topic": "')
    weights = attended(base, ids, 0, 0)
    assert [int(row.argmax()) for row in weights[1:]] == list(range(len(ids) - 1))
    assert weights[20, 19] > 0.9


def test_it_knows_whose_turn_it_is(base: Base) -> None:
    ids = begun(base, sample_pairs()[0], '{"topic": "')
    assistant = base.tokenizer.convert_tokens_to_ids("<|assistant|>")
    with torch.no_grad():
        seen = base.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    turn = seen.hidden_states[1][0, :, STREAM.turn.start : STREAM.turn.start + 2]
    at = ids.index(assistant)
    assert turn[at - 1].tolist() == pytest.approx([1.0, 0.0], abs=0.1)
    assert turn[-1].tolist() == pytest.approx([0.0, 1.0], abs=0.1)


def test_what_followed_a_word_in_the_article_is_proposed(base: Base) -> None:
    """Of a name that was begun the rest, without any training."""
    hits = tried = 0
    for one in sample_pairs()[:20]:
        for said in one.answer.entities or ():
            ids = prompt_ids(one, base.tokenizer)
            name: list[int] = base.tokenizer(said.text)["input_ids"]
            with torch.no_grad():
                logits = base.model(input_ids=torch.tensor([ids + name])).logits[0]
            best = logits[len(ids) : -1].argmax(dim=-1).tolist()
            hits += sum(b == n for b, n in zip(best, name[1:], strict=True))
            tried += len(name) - 1
    assert tried >= 50
    # By chance one of some thousands.
    assert hits / tried >= 0.3


def test_of_places_where_a_piece_stands_the_one_with_the_same_piece_before_it(base: Base) -> None:
    """What is before "of" decides which name goes on after it."""
    names = ("Mi of Wick", "Lu of Tell", "Po of Finch")
    text = "; ".join(names)
    one = pair("x", text, Answer("World", ()), "train", CLEAR)
    for name in names:
        begin, middle, _ = name.split()
        ids = begun(base, one, f'{{"topic": "World", "entities": [{{"text": "{begin} {middle}')
        at = int(attended(base, ids, 1, 0)[-1].argmax())
        before = str(base.tokenizer.decode(ids[:at]))
        assert before.endswith(f"{begin} {middle}"), name


@torch.no_grad()
def stream(base: Base, ids: list[int], part: slice, layers: int = 2) -> torch.Tensor:
    """(tokens, width) after so many layers; after all three normalised."""
    seen = base.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    found: torch.Tensor = seen.hidden_states[layers][0, :, part]
    return found


def gists(base: Base, pairs: list[Pair]) -> torch.Tensor:
    return torch.stack([stream(base, begun(base, p, "{"), STREAM.gist)[-1] for p in pairs])


def found_by_centroids(seen: torch.Tensor, unseen: torch.Tensor) -> float:
    """Share of the next 100 articles that are nearest to the others of their topic."""
    learned, asked = sample_pairs(), sample_pairs(ARTICLES, ARTICLES + 100)
    rows = torch.cat([seen, unseen]) - seen.mean(dim=0)
    unit = rows / rows.norm(dim=1, keepdim=True)
    of = [[p.answer.topic == topic for p in learned] for topic in CLEAR.topics]
    centroids = torch.stack([unit[: len(seen)][mask].mean(dim=0) for mask in of])
    nearest = (unit[len(seen) :] @ centroids.T).argmax(dim=1).tolist()
    return sum(CLEAR.topics[i] == p.answer.topic for i, p in zip(nearest, asked, strict=True)) / 100


def test_the_gist_tells_topics_of_articles_that_it_did_not_learn_from(base: Base) -> None:
    """No topic was read to make it."""
    words = base.model.model.embed_tokens.weight[:, STREAM.word].detach()

    def means(pairs: list[Pair]) -> torch.Tensor:
        return torch.stack([words[base.tokenizer(p.text)["input_ids"]].mean(dim=0) for p in pairs])

    learned, asked = sample_pairs(), sample_pairs(ARTICLES, ARTICLES + 100)
    ours = found_by_centroids(gists(base, learned), gists(base, asked))
    assert ours > 0.55
    # MiniLM's word vectors, their mean, tell less.
    assert ours > found_by_centroids(means(learned), means(asked)) + 0.15


def test_a_word_counts_once_for_the_gist(base: Base) -> None:
    ratios = []
    user = base.tokenizer.convert_tokens_to_ids("<|user|>")
    for one in sample_pairs()[:10]:
        ids = begun(base, one, "{")
        heads = attended(base, ids, 1, 2)[-1]
        article = range(ids.index(user) + 1, len(ids))
        texts = {i: str(base.tokenizer.decode([ids[i]])).strip() for i in article}
        for word, count in Counter(texts.values()).items():
            if count == 2 and len(word) > 3:
                first, second = (float(heads[i]) for i in article if texts[i] == word)
                ratios.append(second / first)
        # Nor does what the system says count.
        assert float(heads[: ids.index(user)].sum()) < 0.05
    assert len(ratios) >= 10
    assert statistics.median(ratios) < 0.1


def test_all_tokens_are_equally_long(base: Base) -> None:
    """Else RMSNorm would make a longer one less of everything."""
    lengths = base.model.model.embed_tokens.weight.detach().norm(dim=1)
    assert float(lengths.max() - lengths.min()) < 1e-4


def test_articles_of_one_topic_have_a_similar_gist(base: Base) -> None:
    pairs = sample_pairs()
    found = gists(base, pairs)
    unit = found / found.norm(dim=1, keepdim=True)
    near = unit @ unit.T
    same = torch.tensor([[p.answer.topic == q.answer.topic for q in pairs] for p in pairs])
    others = ~same
    same.fill_diagonal_(False)
    assert near[same].mean() > near[others].mean() + 0.1


def told(pair: Pair, number: int) -> str:
    """The right answer, up to where the entity of this number begins."""
    parts = to_json(pair.answer).split('{"text": "')
    return '{"text": "'.join([*parts[: number + 1], ""])


def proposed(base: Base, pair: Pair, number: int) -> str:
    """The word that the third layer most attends to there."""
    ids = begun(base, pair, told(pair, number))
    at = int(attended(base, ids, 2, 0)[-1].argmax())
    return str(base.tokenizer.decode([ids[at]])).strip()


def test_names_that_were_not_said_are_proposed(base: Base) -> None:
    """Before an entity the third layer looks at a name, and not at one that was said."""
    again = capital = tried = 0
    for one in sample_pairs()[:30]:
        names = one.answer.entities or ()
        for number in range(1, len(names)):
            word = proposed(base, one, number)
            again += any(word in said.text for said in names[:number])
            capital += word[:1].isupper()
            tried += 1
    assert tried >= 50
    assert capital / tried > 0.6
    # One that always looks at the first would say it again in nearly all.
    assert again / tried < 0.3


def test_names_come_in_the_order_of_the_article(base: Base) -> None:
    """Among some ten capitalised words an article has, the next name's own is found often."""
    hits = tried = 0
    for one in sample_pairs()[:30]:
        for number, said in enumerate(one.answer.entities or ()):
            hits += said.text.startswith(proposed(base, one, number))
            tried += 1
    assert tried >= 80
    assert hits / tried > 0.35


def test_it_knows_whether_a_name_is_left(base: Base) -> None:
    """After the last name more than after the first, in most articles."""
    more = tried = 0
    for one in sample_pairs()[:40]:
        names = one.answer.entities or ()
        if len(names) < 3:
            continue
        first, last = (
            float(stream(base, begun(base, one, told_with(one, n)), STREAM.none_left, 3)[-1])
            for n in (0, len(names) - 1)
        )
        more += last > first
        tried += 1
    assert tried >= 20
    assert more / tried > 0.6


def test_room_shrinks_as_an_answer_is_written(base: Base) -> None:
    one = next(p for p in sample_pairs() if len(p.answer.entities or ()) >= 4)
    room = [float(stream(base, begun(base, one, told(one, n)), STREAM.room)[-1]) for n in range(4)]
    assert room == sorted(room, reverse=True)
    assert room[3] < 0.8 * room[0]


def test_a_list_ends_rather_where_little_room_is(base: Base) -> None:
    """Of the two tokens that differ in this alone, before anything is learned."""
    ends, goes_on = base.tokenizer.convert_tokens_to_ids(['"}]}', '"},'])
    one = next(p for p in sample_pairs() if len(p.answer.entities or ()) >= 4)
    scores = []
    for number in (0, 3):
        with torch.no_grad():
            ids = begun(base, one, told_with(one, number))
            logits = base.model(input_ids=torch.tensor([ids])).logits[0, -1]
        scores.append(float(logits[ends] - logits[goes_on]))
    assert scores[1] > scores[0]


def test_a_name_has_the_same_pieces_after_a_blank_and_after_a_quotation_mark(base: Base) -> None:
    for name in ("Zhirvan Qasr-Nuwar", "Übersee", "McDonald"):
        after_blank, after_mark = (
            [t.strip() for t in map(base.tokenizer.decode, base.tokenizer(text)["input_ids"])]
            for text in (f"at {name}", f'"{name}')
        )
        assert after_blank[1:] == after_mark[1:]


def told_with(pair: Pair, number: int) -> str:
    """The right answer, up to where the list goes on or ends after the entity of this number."""
    kind = (pair.answer.entities or ())[number]
    return f'{told(pair, number)}{kind.text}", "type": "{kind.type}'


def test_what_was_said_is_added_up(base: Base) -> None:
    """The sum of the names' codes, not their mean: the first is as much of it as before."""
    one = next(p for p in sample_pairs() if len(p.answer.entities or ()) >= 4)
    first = base.tokenizer((one.answer.entities or ())[0].text)["input_ids"][0]
    code = base.model.model.embed_tokens.weight[first, STREAM.code]
    shares = [
        float(stream(base, begun(base, one, told(one, n)), STREAM.said)[-1] @ code) for n in (1, 3)
    ]
    assert shares[0] > 0.5
    assert shares[1] > 0.6 * shares[0]


def test_the_last_name_is_at_hand_for_its_type(base: Base) -> None:
    one = sample_pairs()[0]
    name = (one.answer.entities or ())[1].text
    asked = begun(base, one, f'{told(one, 1)}{name}", "type": "')
    weights = attended(base, asked, 2, 3)[-1]
    length = len(base.tokenizer(f'{name}", "type": "')["input_ids"])
    assert float(weights[-length:].sum()) > 0.7


def test_a_head_rests_where_another_key_is_answered(base: Base) -> None:
    one = sample_pairs()[0]
    answers = {"topic": '{"topic": "', "text": told(one, 1), "type": f'{told(one, 1)}A", "type": "'}
    heads = {"topic": 2, "text": 0, "type": 3}
    user = base.tokenizer.convert_tokens_to_ids("<|user|>")
    for answered, answer in answers.items():
        ids = begun(base, one, answer)
        rests = {
            key: float(attended(base, ids, 2, head)[-1, ids.index(user)])
            for key, head in heads.items()
        }
        assert rests.pop(answered) < 0.1
        assert min(rests.values()) > 0.9


def test_balanced_attention_is_the_same_attention() -> None:
    """Only what an adapter can break is spread evenly."""
    generator = torch.Generator().manual_seed(0)
    config = LlamaConfig(
        hidden_size=5 * HEADS, num_attention_heads=HEADS, num_key_value_heads=HEADS, head_dim=HEAD,
        attention_bias=True, num_hidden_layers=1, vocab_size=16, intermediate_size=8,
    )  # fmt: skip
    model = LlamaModel(config).eval()
    attention = model.layers[0].self_attn
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    with torch.no_grad():
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.bias.copy_(torch.randn(part.bias.shape, generator=generator))
        attention.q_proj.weight *= 30
        attention.o_proj.weight *= 8
        before = model(input_ids=ids).last_hidden_state
        balance(attention)
        after = model(input_ids=ids).last_hidden_state
    assert torch.allclose(before, after, atol=1e-4)
    q, k, v = (
        torch.cat([part.weight, part.bias[:, None]], dim=1).norm()
        for part in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    assert float(q / k) == pytest.approx(1.0, abs=0.2)
    assert float(v / attention.o_proj.weight.norm()) == pytest.approx(1.0, abs=0.2)


def test_it_reads_left_to_right(base: Base) -> None:
    ids = base.tokenizer("Ada Okafor scored twice.", return_tensors="pt")["input_ids"]
    other = ids.clone()
    other[0, -1] = (ids[0, -1] + 1) % len(base.tokenizer)
    with torch.no_grad():
        ours, theirs = (base.model(input_ids=i).logits[0, :-1] for i in (ids, other))
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_word_is_near_where_minilm_has_it_near(base: Base) -> None:
    from transformers import AutoModel, AutoTokenizer

    reader = AutoTokenizer.from_pretrained(encoder_path(OFFLINE))
    source = AutoModel.from_pretrained(encoder_path(OFFLINE)).embeddings.word_embeddings.weight
    ours = base.model.model.embed_tokens.weight[:, STREAM.word]
    some = ["bank", "profits", "cup", "final", "shares", "match", "court", "minister", "rocket"]
    words = [word for word in some if len(base.tokenizer(f" {word}")["input_ids"]) == 1]
    assert len(words) >= 5
    theirs = source[reader.convert_tokens_to_ids(words)] - source.mean(dim=0)
    mine = ours[[base.tokenizer(f" {word}")["input_ids"][0] for word in words]]

    def cosines(rows: torch.Tensor) -> torch.Tensor:
        unit = rows / rows.norm(dim=1, keepdim=True)
        return (unit @ unit.T)[torch.triu_indices(len(words), len(words), 1).unbind()]

    both = torch.stack([cosines(mine), cosines(theirs)])
    assert torch.corrcoef(both)[0, 1] > 0.5


def test_texts_come_back_byte_for_byte(base: Base) -> None:
    for text in ("Ada  Okafor\n🏑 Übersee", ' {"topic": "Sports"}'):
        assert base.tokenizer.decode(base.tokenizer(text)["input_ids"]) == text


def test_a_type_is_followed_by_nothing_of_the_article_and_a_name_is(tmp_path: Path) -> None:
    """Types that are written like names begin names too."""
    text = "The Event Horizon left. It was an event that pleased all."
    for kind, copies in (("event", False), ("Event", True)):
        asked = Questions(("World",), (kind,))
        many = [pair(str(i), text, Answer("World", ()), "train", asked) for i in range(40)]
        make_decoder(lambda chats=many: chats, 1, tmp_path / kind)
        made = load_base(str(tmp_path / kind), "a/base")
        made.model.set_attn_implementation("eager")
        answer = f'{{"topic": "World", "entities": [{{"text": "A", "type": "{kind}'
        ids = begun(made, many[0], answer)
        at = ids[int(attended(made, ids, 1, 0)[-1].argmax())]
        assert (at != made.tokenizer.convert_tokens_to_ids("<|user|>")) is copies


def test_pieces_of_characters_are_told_apart(base: Base) -> None:
    """They read alike, as no character at all."""
    embeddings = base.model.model.embed_tokens.weight.detach()
    pieces = {i for sign in "ŁóдЖ" for i in base.tokenizer(sign)["input_ids"]}
    assert len(pieces) >= 5
    codes = embeddings[sorted(pieces)][:, STREAM.code]
    assert float(torch.pdist(codes).min()) > 0.5


def test_names_are_found_where_words_have_no_blanks_between_them() -> None:
    assert list(places("习近平", "国家主席习近平说")) == [4]
    assert list(places("Ann", "Annual Ann, Joann")) == [7]


def test_a_very_long_article_costs_no_more_than_its_beginning(tmp_path: Path) -> None:
    long = "Ada Okafor scored twice in Geneva on Monday. " * 2000
    pairs = [pair(str(i), f"{i} {long}", Answer("World", ()), "train", CLEAR) for i in range(3)]
    read: list[int] = []
    plain = LlamaModel.forward

    def counted(self: LlamaModel, input_ids: torch.Tensor, **rest: Any) -> Any:
        read.append(input_ids.shape[1])
        return plain(self, input_ids, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LlamaModel, "forward", counted)
        make_decoder(lambda: pairs, 1, tmp_path / "base")
    assert read
    assert max(read) <= CONTEXT


@pytest.mark.parametrize("texts", [["Ada Okafor scored twice."], ["Same."] * 3, [""]])
def test_articles_that_do_not_differ_make_a_base_too(texts: list[str], tmp_path: Path) -> None:
    pairs = [pair(str(i), t, Answer("World", ()), "train", CLEAR) for i, t in enumerate(texts)]
    make_decoder(lambda: pairs, 1, tmp_path / "base")
    model = load_base(str(tmp_path / "base"), "a/base").model
    assert all(bool(torch.isfinite(part).all()) for part in model.parameters())
    assert max(float(part.abs().max()) for part in model.parameters()) < 1000


def test_the_same_chats_and_seed_give_the_same_weights(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_decoder(tiny_pairs, seed, tmp_path / name)
    a, b, c = (weights_digest(tmp_path / name) for name in "abc")
    assert a == b != c
