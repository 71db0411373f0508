"""Text models of less usual shapes: makes tiny ones in the folder given, and prints what the libraries answer directly.

The output is a JSON object by name: `path`, `inputs`, `parameters`, and `expected`, one for each input.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

try:
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
except ImportError:  # before 5.4
    from sentence_transformers.models import Dense, Pooling, Transformer

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
FOLDER = Path(sys.argv[1])
LINES = ["the chef baked the cake", "rain fell on the old town", "Das Wetter war schön", "hello there"] * 3
CASES = {}


def tokenizer_of(special, model_input_names=("input_ids", "attention_mask"), **named):
    """Byte-level BPE, to which a space before a word belongs."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet))
    if "eos_token" in named and named.pop("ends", True):
        end = named["eos_token"]
        made.post_processor = processors.TemplateProcessing(single="$A " + end, special_tokens=[(end, special.index(end))])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, model_input_names=list(model_input_names), model_max_length=64, **named
    )


def case(name, path, inputs, expected, parameters=None):
    CASES[name] = {"path": str(path), "inputs": inputs, "parameters": parameters, "expected": expected}


def summaries():
    tokenizer = tokenizer_of(["<pad>", "</s>", "<unk>"], pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    torch.manual_seed(2)
    config = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0,
        task_specific_params={"summarization": {"prefix": "summarize: ", "max_length": 12}},
    )  # fmt: skip
    model = transformers.T5ForConditionalGeneration(config).eval()
    model.save_pretrained(FOLDER / "t5")
    tokenizer.save_pretrained(FOLDER / "t5")
    expected = []
    for line in LINES[:3]:
        encoded = tokenizer("summarize: " + line, return_tensors="pt")
        expected.append(tokenizer.decode(model.generate(**encoded, max_new_tokens=10)[0], skip_special_tokens=True))
    assert len(set(expected)) > 1
    case("summaries", FOLDER / "t5", LINES[:3], expected, {"max_new_tokens": 10})


def chats():
    tokenizer = tokenizer_of(["<|end|>"], eos_token="<|end|>", ends=False)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    torch.manual_seed(2)
    config = transformers.GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=64)
    config.bos_token_id = config.eos_token_id = 0
    transformers.GPT2LMHeadModel(config).eval().save_pretrained(FOLDER / "chat")
    tokenizer.save_pretrained(FOLDER / "chat")
    asked = [[{"role": "user", "content": "hello there"}], [{"role": "system", "content": "rain"}, {"role": "user", "content": "the"}]]
    ask = transformers.pipeline("text-generation", str(FOLDER / "chat"), device="cpu")
    expected = [ask(one, max_new_tokens=6, do_sample=False)[0]["generated_text"][-1]["content"] for one in asked]
    case("chats", FOLDER / "chat", asked, expected, {"max_new_tokens": 6, "do_sample": False})


def languages():
    codes = ["eng_Latn", "deu_Latn", "fra_Latn"]
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = {token: at for at, token in enumerate(special)}
    for line in LINES:
        for word in line.split():
            vocabulary.setdefault("▁" + word, len(vocabulary))
    tokenizer = transformers.NllbTokenizer(vocab=vocabulary, merges=[], extra_special_tokens=codes)
    tokenizer.model_max_length = 64
    torch.manual_seed(2)
    config = transformers.M2M100Config(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=64,
    )  # fmt: skip
    model = transformers.M2M100ForConditionalGeneration(config).eval()
    with torch.no_grad():  # so that what is made depends on the token before it, with which a language begins
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                weight.mul_(12 if "decoder" in name or "shared" in name else 1)
    model.save_pretrained(FOLDER / "nllb")
    tokenizer.save_pretrained(FOLDER / "nllb")
    answers = []
    for target in codes[1:]:
        loaded = transformers.AutoTokenizer.from_pretrained(FOLDER / "nllb", src_lang="eng_Latn")
        expected = []
        for line in LINES[:2]:
            encoded = loaded(line, return_tensors="pt")
            first = loaded.convert_tokens_to_ids(target)
            ids = model.generate(**encoded, forced_bos_token_id=first, max_new_tokens=8)[0]
            expected.append(loaded.decode(ids, skip_special_tokens=True))
        parameters = {"src_lang": "eng_Latn", "tgt_lang": target, "max_new_tokens": 8}
        answers.append(expected)
        case("into " + target, FOLDER / "nllb", LINES[:2], expected, parameters)

    assert answers[0] != answers[1]


def sentences():
    tokenizer = tokenizer_of(["<pad>", "</s>"], pad_token="<pad>", eos_token="</s>")
    torch.manual_seed(2)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).eval().save_pretrained(FOLDER / "bert")
    tokenizer.save_pretrained(FOLDER / "bert")
    modules = [Transformer(str(FOLDER / "bert")), Pooling(16, pooling_mode=("mean", "max")), Dense(32, 8)]
    model = SentenceTransformer(modules=modules, device="cpu", prompts={"query": "find: ", "plain": ""})
    model.save_pretrained(str(FOLDER / "sentences"))
    # A space before a word is a token's own here: whether it is stripped changes the vector.
    asked = [" hello ", "hello", "rain  fell\n", ""]
    case("sentences", FOLDER / "sentences", asked, [row.tolist() for row in model.encode(asked)])
    found = [row.tolist() for row in model.encode(asked, prompt_name="query")]
    case("sentences with a prompt", FOLDER / "sentences", asked, found, {"prompt_name": "query"})


FOLDER.mkdir(parents=True, exist_ok=True)
for make in (summaries, chats, languages, sentences):
    make()
print(json.dumps(CASES))
