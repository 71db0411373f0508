import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { reachable } from '../../src/editor/endpoint.ts';

const HERE = 'http://127.0.0.1:47123/rules/local';

describe('the URL of an endpoint for copying', () => {
  for (const [where, external, copied] of [
    ['on this machine', HERE, HERE],
    ['through a forwarded port', 'http://localhost:51000/rules/local', 'http://localhost:51000/rules/local'],
    ['behind a server’s sign-in', 'https://code.example.com/proxy/47123/rules/local', HERE],
    ['behind a server on this machine', 'http://localhost:8080/proxy/47123/rules/local', HERE],
    ['behind a public name', 'https://quiet-sky-47123.preview.example.dev/rules/local', HERE],
  ]) {
    it(`is one that answers: ${where}`, () => {
      assert.equal(reachable(vscode.Uri.parse(HERE), vscode.Uri.parse(external!)), copied);
    });
  }
});
