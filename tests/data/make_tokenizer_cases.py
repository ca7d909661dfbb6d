# SPDX-License-Identifier: Apache-2.0
"""Writes tokenizers/components.json: what the tokenizers library (0.23) computes for components that
the sample tokenizers do not use. Needs `pip install tokenizers`, and `sentencepiece` and `protobuf` to
compile the normalisation rules of Precompiled; run from any folder. Also writes tokenizers/unigram, a small
tokenizer of the kind that XLM-RoBERTa has, with cases as those of the sample tokenizers.

A group is a tokenizer.json without its model, which stands once under "models", and its cases:
  {"text", "special", "ids"}                        encoding
  {"text", "pair", "special", "ids", "types"}       encoding of two texts
  {"ids", "decoded", "decoded_skip_special"}        decoding
The model "bytes" shows cuts: every piece comes out as its bytes and ends in a token for "|".
"""
import base64
import io
import json
import pathlib
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer

TEXTS = [
    "Hello, World! It's 3.14 or 42?",
    "  two  spaces\tand\nlines \r\n\n end ",
    "naïve café, ÅNGSTRÖM e\u0301 İstanbul",
    "中文 and 日本語のテキスト, 한국어!",
    "٣٤ Ⅷ ½ x² 1,000.50",
    "😀👩\u200d👧 “quoted” — done… a_b __init__",
    "'s 'S 'ſ 're K\u212a ﬁ",
    "\u00a0nbsp\u3000wide\u200bzero\u180eend",
    " leading ▁mark▁ x",
    "aaa bb ab",
    " ",
    "",
]


def byte_model():
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)}
    vocab.update({"<unk>": 256, "<s>": 257, "</s>": 258})
    return bpe(vocab, [], end_of_word_suffix="|", byte_fallback=True)


def letter_model(prefix, suffix, **options):
    """Merges over a few letters, with the two affixes of older BPE files."""
    letters = "abcdeo ▁"
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}

    def add(token):
        vocab.setdefault(token, len(vocab))
        return token

    for letter in letters:
        for start in ("", prefix):
            for end in ("", suffix):
                add(start + letter + end)
    merges = []
    for left, right in [("a", "b"), ("a", "a"), ("b", "b"), ("ab", "b"), ("d", "o"), ("c", "d"), ("▁", "a")]:
        for start in dict.fromkeys(("", prefix)):
            for end in dict.fromkeys(("", suffix)):
                pair = [start + left, prefix + right + end]
                if all(token in vocab for token in pair):
                    add(start + left + right + end)
                    merges.append(pair)
    return bpe(vocab, merges, continuing_subword_prefix=prefix, end_of_word_suffix=suffix, **options)


def bpe(vocab, merges, **options):
    model = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
    }
    model.update(options)
    model.update(vocab=vocab, merges=merges)
    return model


WORDS = ["<unk>", "<s>", "</s>", "a", "b", "ab", "##b", "##bb", "##c", "##d", "do", "##o", "cd", "▁", "▁a", "aa", "##",
         "é", "##é", "x"]


def word_piece(**options):
    vocab = {word: index for index, word in enumerate(WORDS)}
    return {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 6, "vocab": vocab, **options}


def unigram(pieces, **options):
    return {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0], *pieces], **options}


SCORED = [["a", -2.5], ["b", -3.0], ["ab", -4.0], ["abb", -6.5], ["bb", -5.0], ["aa", -5.0], ["do", -3.25], ["d", -7.0],
          ["o", -7.0], ["cd", -4.5], ["▁", -2.0], ["▁a", -4.5], ["é", -9.0], ["aab", -6.5]]
BYTE_PIECES = [[f"<0x{byte:02X}>", -12.0] for byte in range(256)]

MODELS = {
    "bytes": byte_model(),
    "plain": letter_model("", "", unk_token="<unk>"),
    "plain_fused": letter_model("", "", unk_token="<unk>", fuse_unk=True),
    "plain_silent": letter_model("", ""),
    "affixes": letter_model("##", "</w>", unk_token="<unk>"),
    "whole_words": letter_model("", "", unk_token="<unk>", ignore_merges=True),
    "word_piece": word_piece(),
    "word_piece_other_prefix": word_piece(continuing_subword_prefix="a", max_input_chars_per_word=100),
    "word_level": {"type": "WordLevel", "unk_token": "<unk>", "vocab": {word: i for i, word in enumerate(WORDS)}},
    "unigram": unigram(SCORED),
    "unigram_bytes": unigram(SCORED + BYTE_PIECES, byte_fallback=True),
    "unigram_missing_bytes": unigram(SCORED + BYTE_PIECES[:128], byte_fallback=True),
}


def added(content, token_id, **flags):
    token = {"id": token_id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}
    token.update(flags)
    return token


SPECIALS = [added("<s>", 257, special=True), added("</s>", 258, special=True)]


def split(pattern, behavior, invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def replace(pattern, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def metaspace(scheme, cuts, replacement="▁"):
    return {"type": "Metaspace", "replacement": replacement, "prepend_scheme": scheme, "split": cuts}


def byte_level(prefix, regex):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def bert(clean, chinese, accents, lower):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
            "strip_accents": accents, "lowercase": lower}


def sequence(key, *steps):
    return {"type": "Sequence", key: list(steps)}


RULES = {"Ａ": "A", "ﬁ": "fi", "½": "1/2", "e\u0301": "é", "\u3000": " ", "\u0301": "", "\u00ad": "", "中": "M",
         "\u09c7\u09be": "\u09cb", "👩": "w", "\r\n": "\n"}


def precompiled():
    """Has SentencePiece compile RULES, as part of a model that is thrown away."""
    def code_points(text):
        return " ".join(f"{ord(c):X}" for c in text)

    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        rules.write("".join(f"{code_points(a)}\t{code_points(b)}\n" for a, b in RULES.items()))
        rules.flush()
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c"] * 9), model_writer=written, vocab_size=8, hard_vocab_limit=False,
            normalization_rule_tsv=rules.name, minloglevel=2)
    model = sentencepiece_model_pb2.ModelProto.FromString(written.getvalue())
    compiled = base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()
    return {"type": "Precompiled", "precompiled_charsmap": compiled}


BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
          r"|\s+(?!\S)|\s+")
PATTERNS = [
    r"\w+", r"\W", r"[^\w\s]+", r"\S+", r"[\S\n]+", r"\h+", r"\b", r"\B", r"^.", r".$", r"(?m:.{4})", r".{4}",
    r"(?=\p{Lu})", r"(?<=a)b", r"[\p{L}&&[^\p{Han}]]+", r"[a-z[0-9]]+", r"[^a-z[0-9]]+", r"[\w&&\p{Lu}&&[A-H]]",
    r"\p{Han}+|\p{Hiragana}+", r"\p{Letter}+", r"\p{^L}", r"\P{^L}", r"[[:punct:]]+", r"\p{Punct}+", r"[[:^alpha:]]",
    r"\p{Lu}\p{Ll}{1,3}+", r"a{2}?", r"a{,2}", r"a{", r"(.)\1", r"(?<c>.)\k<c>", r"(?i)k|s", r"e(?i)|L", r"(?x: b  b )",
    r"(?#none)a", r"\R", r"\x61|\x{62}|\u0063", r"\e|\t", r"[]a]", r"[a-]", r"x*", r"\O", r"\N{2}", r"[\s\S]",
    r"[一-龥぀-ゟ゠-ヿ]+", O200K, DEEPSEEK, CL100K,
]


def groups():
    def group(name, model="bytes", tokens=SPECIALS, texts=TEXTS, **parts):
        pieces = {"normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None}
        pieces.update(parts)
        return {"name": name, "model": model, "tokenizer": {"version": "1.0", "added_tokens": tokens, **pieces},
                "texts": texts}

    for form in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "ByteLevel"):
        yield group(form, normalizer={"type": form})
    for left, right in ((True, True), (True, False), (False, True)):
        yield group(f"Strip {left} {right}", normalizer={"type": "Strip", "strip_left": left, "strip_right": right})
    yield group("Prepend", normalizer={"type": "Prepend", "prepend": "▁"})
    yield group("Replace string", normalizer=replace(" ", "▁"))
    yield group("Replace with nothing", normalizer=replace("a", ""))
    yield group("Replace regex", normalizer=replace(r"\s+", "_", "Regex"))
    yield group("Replace empty matches", normalizer=replace("x*", "-", "Regex"))
    for options in ((True, True, None, True), (False, True, False, False), (True, False, True, False),
                    (True, True, False, True)):
        yield group(f"BertNormalizer {options}", normalizer=bert(*options),
                    texts=TEXTS + ["a\u0000b\ufffdc\u0007d\u200de", "\ue000x"])
    controls = "".join(map(chr, range(0x20))) + "".join(map(chr, range(0x7f, 0xa1)))
    yield group("Nmt", normalizer={"type": "Nmt"}, texts=[
        *TEXTS, "\x01\x0bx", controls, "a\u1680b\u200a\u200b\u200f\u2010\u2028\u2029\u202f\u2581\ufefe\ufeff\ufffd"])
    yield group("Nmt before Metaspace first", normalizer={"type": "Nmt"}, pre_tokenizer=metaspace("first", True),
                texts=["a b", "\x01a b"])
    yield group("Precompiled", normalizer=precompiled(), texts=[
        *TEXTS, "ＡＡ ﬁ½ e\u0301\u0301 a\u0301b \u0301", "中\u0301x", "x\r\ny", "কো \u09c7\u09be",
        "Ａ" * 40, "👩\u200d👩", "각\u1100\u1161\u11a8"])
    yield group("Precompiled before Metaspace first", normalizer=precompiled(), pre_tokenizer=metaspace("first", True),
                texts=["a b", "\u00ada b", "ﬁ b", "e\u0301 b", "<s>ﬁ b"])
    yield group("Normalizer sequence", normalizer=sequence(
        "normalizers", {"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, replace("e", "E")))

    for pattern in PATTERNS:
        yield group(f"Split {pattern}", pre_tokenizer=split(pattern, "Isolated"))
    for behavior in BEHAVIORS:
        for invert in (False, True):
            yield group(f"Split {behavior} {invert}", pre_tokenizer=split(r"\p{N}|[ ,]", behavior, invert))
        yield group(f"Split string {behavior}", pre_tokenizer=split(" ", behavior, kind="String"))
        yield group(f"Punctuation {behavior}", pre_tokenizer={"type": "Punctuation", "behavior": behavior})
    for individual in (False, True):
        yield group(f"Digits {individual}", pre_tokenizer={"type": "Digits", "individual_digits": individual})
    for kind in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer"):
        yield group(kind, pre_tokenizer={"type": kind})
    for delimiter in (" ", "中"):
        yield group(f"CharDelimiterSplit {delimiter}",
                    pre_tokenizer={"type": "CharDelimiterSplit", "delimiter": delimiter})
    for length in (1, 5):
        yield group(f"FixedLength {length}", pre_tokenizer={"type": "FixedLength", "length": length})
    for prefix in (False, True):
        for regex in (False, True):
            yield group(f"ByteLevel {prefix} {regex}", pre_tokenizer=byte_level(prefix, regex),
                        texts=TEXTS + ["a<s>b", "<s> c"])
    for scheme in ("always", "first", "never"):
        for cuts in (False, True):
            yield group(f"Metaspace {scheme} {cuts}", pre_tokenizer=metaspace(scheme, cuts),
                        texts=TEXTS + ["a<s>b c", "<s> c", "<s>"])
    yield group("Metaspace first after Strip", pre_tokenizer=metaspace("first", True),
                normalizer={"type": "Strip", "strip_left": True, "strip_right": False})
    yield group("Metaspace underscore", pre_tokenizer=metaspace("always", True, "_"))
    yield group("DeepSeek", pre_tokenizer=sequence(
        "pretokenizers", split(r"\p{N}{1,3}", "Isolated"), split(r"[一-龥぀-ゟ゠-ヿ]+", "Isolated"),
        split(DEEPSEEK, "Isolated"), byte_level(False, False)))

    flags = ["single_word", "lstrip", "rstrip"]
    token_texts = ["mask", " mask ", "unmask masked mask.", "a  mask  b mask mask", "MASK Mask mask",
                   "x maskmask", "émask maské", "mask's 中mask中 mask_ mask-", "<s>mask</s>"]
    for name in flags:
        tokens = SPECIALS + [added("mask", 259, **{name: True})]
        yield group(f"Added token {name}", tokens=tokens, texts=token_texts)
    yield group("Added token, everything", tokens=SPECIALS + [added("mask", 259, **{f: True for f in flags})],
                texts=token_texts)
    yield group("Added token, normalized", normalizer={"type": "Lowercase"}, texts=token_texts,
                tokens=SPECIALS + [added("MASK", 259, normalized=True)])
    yield group("Added token, not normalized", normalizer={"type": "Lowercase"}, texts=token_texts,
                tokens=SPECIALS + [added("MASK", 259)])
    yield group("Added tokens, longest first", texts=["abcabab", "abc", "aabcd"],
                tokens=SPECIALS + [added("ab", 259), added("abc", 260), added("b", 261)])
    yield group("Added tokens of white space", texts=["a   b", "x  y", " \n z"],
                tokens=SPECIALS + [added("x", 259, rstrip=True), added(" ", 260), added("\n", 261, lstrip=True)])

    letters = ["ab abb aab", "abcdo", "aaaa", "xaxxb", "dodo cd", "b", "zz", "a▁a ▁ab"]
    words = [*letters, "abbbbb abbbbbb", "é aé éa aéb", "## a## ##b", "<unk>a zaz <s>", "dodocdab", "aabbaabb", "zé中z"]
    plain = [added("<s>", 1, special=True), added("</s>", 2, special=True)]
    for model in MODELS:
        if model not in ("bytes", "pieces"):
            texts = letters if MODELS[model]["type"] == "BPE" else words
            yield group(f"Model {model}", model, tokens=plain, texts=texts,
                        pre_tokenizer={"type": "WhitespaceSplit"})

    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "end", "type_id": 3}}],
        "pair": [{"Sequence": {"id": "B", "type_id": 2}}, {"SpecialToken": {"id": "end", "type_id": 1}},
                 {"Sequence": {"id": "A", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [257], "tokens": ["<s>"]},
                           "end": {"id": "end", "ids": [258, 257], "tokens": ["</s>", "<s>"]}},
    }
    trim = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    roberta = {"type": "RobertaProcessing", "sep": ["</s>", 258], "cls": ["<s>", 257], "trim_offsets": True,
               "add_prefix_space": False}
    for post in (template, roberta, {"type": "BertProcessing", "sep": ["</s>", 258], "cls": ["<s>", 257]}, trim,
                 sequence("processors", trim, template)):
        yield group(f"Post {post['type']}", post_processor=post, texts=["ab c", ""])

    for decoder in decoders():
        yield {**group(f"Decoder {json.dumps(decoder)}", decoder=decoder, texts=[]), "id_lists": ID_LISTS,
               "model": "pieces"}


PIECES = ["▁Hello", "▁▁", "wor", "##ld", "▁it", "'s", ".", "do", "not", "n't", "</w>", "end</w>", "Ġa", "Ċ", "Ã©", "Ã",
          "©", "é", "<0x>", "<0x4", "<0xE4>x", " ", "  x ", ",", "a"]


def piece_model():
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)}
    vocab.update({"<unk>": 256, "<s>": 257, "</s>": 258})
    vocab.update({piece: 259 + index for index, piece in enumerate(PIECES)})
    return bpe(vocab, [])


MODELS["pieces"] = piece_model()
FIRST = 259
ID_LISTS = [
    [],
    [257, 258],
    [257, *range(FIRST, FIRST + len(PIECES)), 258],
    [FIRST + 1, FIRST, FIRST + 2, FIRST + 3],
    [0xE4, 0xBD, 0xA0, FIRST, 0xE4, 0xBD, FIRST + 2, 0xFF],
    [0xF0, 0x9F, 0x98, 0x80, 0x41, 0x80],
    [FIRST + 15, FIRST + 16, FIRST + 15, FIRST + 12, FIRST + 14],
    [FIRST + 15, 257, FIRST + 16, FIRST + 15],
    [FIRST + 11, FIRST + 24, FIRST + 11],
    [FIRST + 4, FIRST + 5, FIRST + 7, FIRST + 8, FIRST + 23, FIRST + 2, FIRST + 9, FIRST + 6],
    [FIRST + 21, FIRST + 22, FIRST + 1, FIRST + 21],
    [100000, FIRST, 100001],
    [FIRST + 24, FIRST + 2, FIRST + 2, FIRST + 24, FIRST + 2, FIRST + 6, FIRST + 6, FIRST + 1],
]


def decoders():
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    yield None
    yield {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    yield {"type": "ByteFallback"}
    yield {"type": "Fuse"}
    yield strip
    yield {"type": "Strip", "content": "a", "start": 0, "stop": 1}
    yield {"type": "Strip", "content": "▁", "start": 2, "stop": 0}
    yield replace("▁", " ")
    yield replace(r"\w", "-", "Regex")
    for scheme in ("always", "first", "never"):
        yield metaspace(scheme, True)
    for cleanup in (False, True):
        yield {"type": "WordPiece", "prefix": "##", "cleanup": cleanup}
    yield {"type": "BPEDecoder", "suffix": "</w>"}
    for cleanup in (False, True):
        yield {"type": "CTC", "pad_token": "a", "word_delimiter_token": "▁", "cleanup": cleanup}
    yield sequence("decoders", replace("▁", " "), {"type": "ByteFallback"}, {"type": "Fuse"}, strip)
    yield sequence("decoders", {"type": "ByteFallback"}, {"type": "Fuse"}, replace("▁", " "))
    yield sequence("decoders")


def encoding_cases(tokenizer, texts):
    for text in texts:
        for special in (True, False):
            encoding = tokenizer.encode(text, add_special_tokens=special)
            yield {"text": text, "special": special, "ids": encoding.ids}
        if tokenizer.post_processor is None:
            continue
        for special in (True, False):
            encoding = tokenizer.encode(text, "b", add_special_tokens=special)
            yield {"text": text, "pair": "b", "special": special, "ids": encoding.ids, "types": encoding.type_ids}


def decoding_cases(tokenizer, id_lists):
    for ids in id_lists:
        yield {"ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
               "decoded_skip_special": tokenizer.decode(ids, skip_special_tokens=True)}


def unigram_tokenizer():
    letters = [["▁", -3.0], *([c, -6.0 - i / 8] for i, c in enumerate("etaoinshrdlucmfwypvbgkqjxzéMA.,12"))]
    words = [["▁a", -4.0], ["▁the", -3.5], ["the", -5.0], ["▁wor", -6.0], ["ld", -5.5], ["▁world", -7.75], ["he", -4.5],
             ["▁he", -5.0], ["llo", -6.5], ["fi", -6.0], ["▁fi", -6.25], ["1/2", -7.0], ["▁▁", -9.0], ["in", -4.75], ["ing", -5.25]]
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [[token, 0.0] for token in specials] + words + letters + [["<mask>", 0.0]]
    mask = len(pieces) - 1
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(token, i, special=True) for i, token in enumerate(specials)]
        + [added("<mask>", mask, special=True, lstrip=True)],
        "normalizer": precompiled(),
        "pre_tokenizer": sequence("pretokenizers", {"type": "WhitespaceSplit"}, metaspace("always", True)),
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "special_tokens": {token: {"id": token, "ids": [i], "tokens": [token]}
                               for token, i in (("<s>", 0), ("</s>", 2))},
        },
        "decoder": metaspace("always", True),
        "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False},
    }


UNIGRAM_TEXTS = ["hello world", "  the  fishing   world ", "the", "", " ", "ﬁ ½ Ａ\u3000中 e\u0301", "unknown ☃☃ snow ☃",
                 "▁the ▁", "the world, 1/2.", "<s>the</s> world", "\u3000the\u3000", "thethethe", "a ﬁn ing"]


def write_unigram(folder):
    description = json.dumps(unigram_tokenizer())
    tokenizer = Tokenizer.from_str(description)
    cases = []
    for text in UNIGRAM_TEXTS:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "ids_no_special": tokenizer.encode(text, add_special_tokens=False).ids,
                      "pair": tokenizer.encode(text, "the").ids,
                      "decoded_skip_special": tokenizer.decode(ids, skip_special_tokens=True)})
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(description + "\n")
    (folder / "cases.json").write_text(json.dumps(cases, ensure_ascii=True) + "\n")


def main():
    write_unigram(pathlib.Path(__file__).parent / "tokenizers" / "unigram")
    result = {"models": MODELS, "groups": []}
    for group in groups():
        description = {**group["tokenizer"], "truncation": None, "padding": None, "model": MODELS[group["model"]]}
        tokenizer = Tokenizer.from_str(json.dumps(description))
        result["groups"].append({
            "name": group["name"], "model": group["model"], "tokenizer": group["tokenizer"],
            "encode": without_repeats(encoding_cases(tokenizer, group["texts"])),
            "decode": list(decoding_cases(tokenizer, group.get("id_lists", []))),
        })
    path = pathlib.Path(__file__).parent / "tokenizers" / "components.json"
    path.write_text(json.dumps(result, ensure_ascii=True, separators=(",", ":")) + "\n")


def without_repeats(cases):
    """Leaves out the encoding without special tokens where it is the same as with them."""
    kept = []
    for case in cases:
        same = {**case, "special": True}
        if not kept or kept[-1] != same:
            kept.append(case)
    return kept


if __name__ == "__main__":
    main()
