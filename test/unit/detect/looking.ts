/** A folder for each test of a suite, and what detection says of what lies in it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { detect } from '../../../src/core/detect/detect.ts';
import type { Detection } from '../../../src/core/detect/detection.ts';
import type { UserError } from '../../../src/shared/outcome.ts';
import { MODEL_NAME } from '../../../src/shared/spec.ts';
import { temporaryFolder } from '../models/temporary.ts';

export interface Looking {
  at(...parts: string[]): string;
  write(name: string, content?: string | Buffer): string;
  /** Fails where the path is not recognised. No interpreter is given: nothing may need one. */
  found(target: string): Promise<Detection>;
  refused(target: string): Promise<UserError>;
}

export function looking(): Looking {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);
  return {
    at,
    write(name, content = '') {
      mkdirSync(path.dirname(at(name)), { recursive: true });
      writeFileSync(at(name), content);
      return at(name);
    },
    async found(target) {
      const result = await detect(target);
      assert.ok(result.ok, JSON.stringify(result));
      assert.match(result.value.suggestedName, MODEL_NAME);
      return result.value;
    },
    async refused(target) {
      const result = await detect(target);
      assert.ok(!result.ok, JSON.stringify(result));
      return result.error;
    },
  };
}
