/** A folder for one test at a time, files in it, and what `detect` says of them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { detect } from '../../../src/core/detect/detect.ts';
import type { Detection } from '../../../src/core/detect/detection.ts';
import type { UserError } from '../../../src/shared/outcome.ts';
import { MODEL_NAME } from '../../../src/shared/spec.ts';
import { testPython } from '../environment/python.ts';
import { temporaryFolder } from '../models/temporary.ts';

const PYTHON = testPython();

export class DetectFiles {
  readonly #temporary = temporaryFolder();

  readonly at = (...parts: string[]): string => path.join(this.#temporary.folder, ...parts);

  readonly write = (name: string, content: string | Buffer | object = ''): string => {
    mkdirSync(path.dirname(this.at(name)), { recursive: true });
    const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
    writeFileSync(this.at(name), isRaw ? content : JSON.stringify(content));
    return this.at(name);
  };

  /** Runs Python with the standard library only; the test's folder is its working directory. */
  readonly python = (source: string): void => {
    execFileSync(PYTHON, ['-c', source], { cwd: this.#temporary.folder });
  };

  readonly found = async (target: string): Promise<Detection> => {
    const result = await detect(target, { python: PYTHON });
    assert.ok(result.ok, JSON.stringify(result));
    assert.match(result.value.suggestedName, MODEL_NAME);
    return result.value;
  };

  readonly refused = async (target: string): Promise<UserError> => {
    const result = await detect(target, { python: PYTHON });
    assert.ok(!result.ok, JSON.stringify(result));
    return result.error;
  };
}

/** A safetensors file with one tensor of these bytes. */
export function safetensors(bytes = 16, more = 0): Buffer {
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [bytes / 4], data_offsets: [0, bytes] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(bytes + more)]);
}

/**
 * Python that writes files as torch.save does, without torch: `archive(file, pickle, **others)` and classes by name only,
 * `cls('torch._utils', '_rebuild_tensor_v2')`.
 */
export const TORCH_WRITER = `
import io, os, pickle, sys, types, zipfile
def cls(module, name):
    parts = module.split('.')
    for n in range(1, len(parts) + 1):
        sys.modules.setdefault('.'.join(parts[:n]), types.ModuleType('.'.join(parts[:n])))
    found = type(name, (), {'__module__': module, '__qualname__': name})
    setattr(sys.modules[module], name, found)
    return found
class Call:
    def __init__(self, function, *arguments): self.parts = (function, arguments)
    def __reduce__(self): return self.parts
class Storage: pass
class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return ('storage', cls('torch', 'FloatStorage'), '0', 'cpu', 4) if isinstance(value, Storage) else None
def dumps(value):
    file = io.BytesIO()
    Pickler(file, 2).dump(value)
    return file.getvalue()
def tensor():
    return Call(cls('torch._utils', '_rebuild_tensor_v2'), Storage(), 0, (4,), (1,), False)
def archive(file, value=None, top='archive', **others):
    with zipfile.ZipFile(file, 'w') as z:
        if value is not None:
            z.writestr(top + '/data.pkl', dumps(value))
            z.writestr(top + '/data/0', bytes(16))
        z.writestr(top + '/version', '3')
        for name, content in others.items():
            z.writestr(top + '/' + name, content)
def script(file, code='def forward(self, x: Tensor) -> Tensor:\\n  return torch.add(x, x)\\n', value=None):
    archive(file, value or {'a': tensor()}, **{'code/__torch__/m.py': code, 'constants.pkl': dumps(())})
`;
