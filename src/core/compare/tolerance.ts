import { stat } from 'node:fs/promises';
import { findOnnx } from '../detect/onnx-folder.ts';
import { readOnnx } from '../detect/onnx-model.ts';
import { modelPath } from '../models/paths.ts';
import { FLOATS, toleranceOf, type Tolerance } from '../../shared/parity.ts';
import type { ModelSpec } from '../../shared/spec.ts';

/** One step of an 8-bit number is 1/255 of its range: where rounding falls to the other side, answers move by about it. */
const QUANTISED = 1e-2;
/** Operators of ONNX and of ONNX Runtime that compute with 8-bit numbers, or round to them. */
const QUANTISED_OPERATOR =
  /^(?:QLinear|Q(?:Gemm|Attention|MoE)|DynamicQuantize|(?:De)?QuantizeLinear$|(?:MatMul|Conv)Integer|MatMulNBits$)/;

/** How exact two answers of a model can be expected to be, by what its file says. Nothing of it is run. */
export async function toleranceFor(project: string, spec: Pick<ModelSpec, 'path' | 'framework'>): Promise<Tolerance> {
  if (spec.framework !== 'onnx') return FLOATS;
  const operator = await quantisedOperator(modelPath(project, spec)).catch(() => undefined);
  return operator === undefined
    ? FLOATS
    : toleranceOf(QUANTISED, `the model is quantised (${operator}): 8-bit numbers round differently on each processor`);
}

/** An operator that says so; undefined where the model computes with floating-point numbers. */
async function quantisedOperator(model: string): Promise<string | undefined> {
  const facts = await stat(model);
  const found = await findOnnx({ path: model, kind: facts.isDirectory() ? 'folder' : 'file', size: facts.size });
  if (!found?.ok) return undefined;
  const { operators } = await readOnnx(found.value.file);
  return [...operators].find((name) => QUANTISED_OPERATOR.test(name));
}
