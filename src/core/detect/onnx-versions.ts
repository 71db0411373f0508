import type { OnnxModel } from './onnx-model.ts';

/**
 * The first ONNX Runtime that implements a version of the operators (ai.onnx) or of the file format; from the release
 * notes and the version matrix of ONNX Runtime. It refuses models that are newer than itself.
 */
const BY_OPSET: [number, string][] = [
  [23, '1.23'],
  [22, '1.21'],
  [21, '1.18'],
  [20, '1.17'],
  [19, '1.15'],
  [18, '1.14'],
  [17, '1.12'],
  [16, '1.11'],
  [15, '1.9'],
  [14, '1.8'],
];
const BY_IR: [number, string][] = [
  [11, '1.23'],
  [10, '1.18'],
  [9, '1.15'],
  [8, '1.10'],
];
/** Of ai.onnx.ml. */
const BY_ML: [number, string][] = [
  [5, '1.18'],
  [4, '1.17'],
  [3, '1.12'],
];

/** `onnxruntime>=1.18`, or without a version where any that is still in use does. */
export function onnxRuntime({ irVersion, opsets }: Pick<OnnxModel, 'irVersion' | 'opsets'>): string {
  const least = [
    first(BY_OPSET, opsets.get('') ?? 0),
    first(BY_IR, irVersion),
    first(BY_ML, opsets.get('ai.onnx.ml') ?? 0),
  ].toSorted((one, other) => minor(other) - minor(one))[0]!;
  return least === '' ? 'onnxruntime' : `onnxruntime>=${least}`;
}

function first(table: [number, string][], version: number): string {
  return table.find(([from]) => version >= from)?.[1] ?? '';
}

function minor(version: string): number {
  return Number(version.split('.')[1] ?? 0);
}
