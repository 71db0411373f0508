import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'mocha';
import { callsOf } from '../../../src/core/detect/spacy-config.ts';
import { SAMPLE_PYTHON, SAMPLES } from '../../host/support.ts';
import { DetectFiles } from './files.ts';

const USUAL = `[paths]
train = null

[nlp]
lang = "en"
pipeline = ["tok2vec","ner"]
before_creation = null
tokenizer = {"@tokenizers":"spacy.Tokenizer.v1"}

[components]

[components.ner]
factory = "ner"
moves = null
scorer = {"@scorers":"spacy.ner_scorer.v1"}

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
hidden_width = 64

[components.ner.model.tok2vec]
@architectures = "spacy-legacy.Tok2Vec.v1"
activation = {"@layers":"Mish.v1"}

[corpora.train]
@readers = "my_corpus"
path = \${paths.train}

[training.logger]
@loggers = "spacy.WandbLogger.v3"
`;

const PARTS =
  'tok2vec tagger morphologizer parser ner attribute_ruler lemmatizer textcat textcat_multilabel senter sentencizer spancat spancat_singlelabel entity_ruler span_ruler trainable_lemmatizer entity_linker span_finder doc_cleaner merge_entities token_splitter beam_parser beam_ner'.split(
    ' ',
  );

/** A component with this line, after what trains only: there nothing is looked at. */
const with_ = (line: string, section = 'components.x'): string => `${USUAL}\n[${section}]\n${line}\n`;

describe('what a config.cfg of spaCy calls', () => {
  const files = new DetectFiles();

  it("is spaCy's own in what it writes, whatever trains it", async () => {
    assert.deepEqual(callsOf(USUAL), { foreign: [], runsOwnCode: false });
    // Every factory that spaCy brings along, as this version of it writes them.
    const script = `import spacy
nlp = spacy.blank("en")
for name in ${JSON.stringify(PARTS)}:
    nlp.add_pipe(name)
print(nlp.config.to_str())`;
    const whole = execFileSync(SAMPLE_PYTHON, ['-c', script], { encoding: 'utf8' });
    assert.match(whole, /factory = "entity_linker"/);
    assert.deepEqual(callsOf(whole), { foreign: [], runsOwnCode: false });
    assert.deepEqual((await files.found(path.join(SAMPLES, 'entities'))).risk, { kind: 'none' });
    assert.deepEqual(callsOf(with_('tokenizer = {"@tokenizers": "spacy.zh.ChineseTokenizer"}')).foreign, []);
  });

  it('is found however it is written', () => {
    const torch = 'spacy.TorchBiLSTMEncoder.v1';
    for (const line of [
      `@architectures = "${torch}"`,
      `@architectures: "${torch}"`,
      `@architectures = ${torch}`,
      `@architectures =\n    "${torch}"`,
      `@architectures = "spacy.\\u0054orchBiLSTMEncoder.v1"`,
      `@architectures = \${vars.name}`,
      `model = {"@architectures": "${torch}"}`,
      `model = {"deep": [{"@architectures": "${torch}", "x": NaN}]}`,
      `model = {"@architectures": "${torch}", "x": \${vars.x}}`,
      '@layers = "PyTorchWrapper.v2"',
      '@callbacks = "spacy.copy_from_base_model.v1"',
      '@llm_models = "spacy.GPT-4.v1"',
      'factory = "transformer"',
      'factory = curated_transformer',
      'factory = "llm"',
      'source = "../elsewhere"',
      `model = \${training.logger}`,
    ]) {
      assert.notDeepEqual(callsOf(with_(line)).foreign, [], line);
    }
  });

  it('cannot be hidden in a section that only trains', () => {
    const evil = 'factory = "evil"';
    for (const [text, hidden] of [
      ['the indent of an option', `[training]\n  a = 1\n  [components.x]\n  ${evil}\n`],
      ['a space that only Python knows', `[training]\n\u001C[components.x]\n${evil}\n`],
      ['a line break that is none', `[components.x]\na = "\u000B[training]"\n${evil}\n`],
      ['a carriage return', `[training]\r[components.x]\r${evil}\r`],
    ] as const) {
      assert.notDeepEqual(callsOf(hidden).foreign, [], text);
    }
  });

  it('asks once per set of names, and for each version where code of the pipeline would run', async () => {
    const write = (config: string): string => {
      files.write('p/meta.json', { lang: 'en', name: 'x', version: '1' });
      return files.write('p/config.cfg', config);
    };
    write(USUAL);
    const folder = files.at('p');
    assert.deepEqual((await files.found(folder)).risk, { kind: 'none' });
    write(with_('factory = "transformer"'));
    const { risk } = await files.found(folder);
    assert.ok(risk.kind === 'unknown-globals');
    assert.match(risk.globals[0]!.meaning!, /torch\.load/);
    write(with_('factory = "transformer"\nwindow = 3'));
    const again = (await files.found(folder)).risk;
    assert.ok(again.kind === 'unknown-globals' && again.hash === risk.hash);
    write(with_('tokenizer_config = {"use_fast": true, "trust_remote_code": true}'));
    const code = (await files.found(folder)).risk;
    assert.ok(code.kind === 'dangerous-globals');
    files.write('p/transformer/own.py', 'x = 1\n');
    const changed = (await files.found(folder)).risk;
    assert.ok(changed.kind === 'dangerous-globals' && changed.hash !== code.hash);
  });
});
