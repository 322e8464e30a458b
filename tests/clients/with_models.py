"""transformers, PEFT, sentence-transformers and SetFit: save, push, load, predict."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi
from peft import LoraConfig, PeftModel, get_peft_model
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from setfit import SetFitModel
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
    pipeline,
)

TEXTS = ["agency closes .", "team wins .", "agency wins .", "team closes ."]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "agency", "closes", "team", "wins", "."]
LABELS = {"world": 0, "sports": 1}
CONFIG = BertConfig(
    vocab_size=len(WORDS),
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=16,
    id2label={number: label for label, number in LABELS.items()},
    label2id=LABELS,
)


def tokenizer() -> BertTokenizerFast:
    Path("vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    return BertTokenizerFast("vocab.txt")


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def classifier(repo: str) -> dict[str, Any]:
    """Weights by two pushes, read again by branch and by the commit of the first."""
    model = BertForSequenceClassification(CONFIG).eval()
    tokenizer().push_to_hub(repo)
    first = model.push_to_hub(repo).oid
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with torch.no_grad():
        model.classifier.bias += 1
    model.push_to_hub(repo)
    now = AutoModelForSequenceClassification.from_pretrained(repo)
    old = AutoModelForSequenceClassification.from_pretrained(repo, revision=first)
    texts = TEXTS[:2]
    with torch.no_grad():
        logits = model(**AutoTokenizer.from_pretrained(repo)(texts, return_tensors="pt")).logits
    scores, numbers = logits.softmax(-1).max(-1)
    answers = pipeline("text-classification", model=repo)(texts)
    labels = [answer["label"] for answer in answers]
    return {
        "now": same(now.state_dict(), model.state_dict()),
        "old": same(old.state_dict(), before),
        "differ": not same(now.state_dict(), old.state_dict()),
        "labels": labels == [CONFIG.id2label[number] for number in numbers.tolist()],
        "scores": [answer["score"] for answer in answers],
        "expected_scores": scores.tolist(),
        "files": sorted(HfApi().list_repo_files(repo)),
    }


def adapter(base: str, repo: str) -> dict[str, Any]:
    """A LoRA adapter: its repository holds the adapter alone and names its base."""
    torch.manual_seed(1)
    model = AutoModelForSequenceClassification.from_pretrained(base)
    lora = LoraConfig(task_type="SEQ_CLS", r=2, init_lora_weights=False)
    tuned = get_peft_model(model, lora).eval()
    tuned.push_to_hub(repo)
    fresh = AutoModelForSequenceClassification.from_pretrained(base)
    again = PeftModel.from_pretrained(fresh, repo).eval()
    ids = torch.tensor([[2, 5, 6, 9, 3]])
    with torch.no_grad():
        logits, logits_again = tuned(ids).logits, again(ids).logits
    files = HfApi().list_repo_files(repo)
    return {
        "same": torch.equal(logits, logits_again),
        "base": again.peft_config["default"].base_model_name_or_path == base,
        "weights": sorted(name for name in files if name.endswith(".safetensors")),
    }


def encoder(repo: str) -> dict[str, Any]:
    """A sentence encoder of two modules."""
    BertModel(CONFIG).save_pretrained("encoder")
    tokenizer().save_pretrained("encoder")
    module = Transformer("encoder")
    model = SentenceTransformer(modules=[module, Pooling(16)], device="cpu")
    model.push_to_hub(repo)
    again = SentenceTransformer(repo, device="cpu")
    return {
        "same": bool((again.encode(TEXTS) == model.encode(TEXTS)).all()),
        "modules": [type(part).__name__ for part in again],
    }


def topics(encoder_repo: str, repo: str) -> dict[str, Any]:
    """A SetFit model: encoder and a head of scikit-learn, with its labels."""
    model = SetFitModel.from_pretrained(encoder_repo, labels=list(LABELS))
    model.model_head.fit(model.encode(TEXTS), [0, 1, 0, 1])
    model.push_to_hub(repo)
    again = SetFitModel.from_pretrained(repo)
    return {
        "labels": again.labels,
        "predicted": list(again.predict(TEXTS)) == list(model.predict(TEXTS)),
        "same": bool((again.predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()),
    }


def main(repo: str) -> dict[str, Any]:
    """Findings of each library, by its name."""
    torch.manual_seed(0)
    found = {"transformers": classifier(repo)}
    found["peft"] = adapter(repo, f"{repo}-lora")
    found["sentence_transformers"] = encoder(f"{repo}-encoder")
    found["setfit"] = topics(f"{repo}-encoder", f"{repo}-topics")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
