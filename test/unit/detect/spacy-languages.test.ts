import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import { temporaryFolder } from '../models/temporary.ts';

describe('a spaCy pipeline of a language with a tokenizer of its own', () => {
  const temporary = temporaryFolder();

  async function needs(tokenizer: string, segmenter = ''): Promise<string[]> {
    const folder = path.join(temporary.folder, 'reading');
    const chosen = segmenter === '' ? '' : `segmenter = "${segmenter}"\n`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'meta.json'), '{"lang": "xx", "spacy_version": ">=3.8"}');
    writeFileSync(path.join(folder, 'config.cfg'), `[nlp.tokenizer]\n@tokenizers = "${tokenizer}"\n${chosen}`);
    const detected = await detect(folder);
    assert.ok(detected.ok, JSON.stringify(detected));
    return detected.value.requirements;
  }

  it('asks for what that tokenizer needs', async () => {
    assert.deepEqual(await needs('spacy.ja.JapaneseTokenizer'), ['spacy>=3.8', 'sudachipy', 'sudachidict_core']);
    assert.deepEqual(await needs('spacy.th.ThaiTokenizer'), ['spacy>=3.8', 'pythainlp']);
    assert.deepEqual(await needs('spacy.zh.ChineseTokenizer', 'jieba'), ['spacy>=3.8', 'jieba']);
    assert.deepEqual(await needs('spacy.zh.ChineseTokenizer', 'char'), ['spacy>=3.8']);
    assert.deepEqual(await needs('spacy.Tokenizer.v1'), ['spacy>=3.8']);
  });
});
