import type { PickleGlobal } from './detection.ts';
import { judgeGlobal } from './globals.ts';

const STORAGES =
  'Float Double Half BFloat16 Long Int Short Char Byte Bool ComplexFloat ComplexDouble QInt8 QUInt8 QInt32 QUInt4x2 QUInt2x4';
const REBUILDERS =
  '_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_wrapper_subclass';
const TYPES =
  'float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128 float8_e4m3fn float8_e5m2 qint8 quint8 qint32 per_tensor_affine per_channel_affine strided sparse_coo sparse_csr contiguous_format preserve_format channels_last Size device dtype Tensor Generator';

/** What tensors, parameters and dicts of them are pickled as. */
const TENSORS = new Set<string>([
  ...STORAGES.split(' ').map((name) => `torch.${name}Storage`),
  ...REBUILDERS.split(' ').map((name) => `torch._utils.${name}`),
  ...TYPES.split(' ').map((name) => `torch.${name}`),
  'torch.storage.UntypedStorage',
  'torch.storage.TypedStorage',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
  'torch._tensor._rebuild_from_type_v2',
  'torch.serialization._get_layout',
  'torch.jit._pickle.build_intlist',
  'torch.jit._pickle.build_doublelist',
  'torch.jit._pickle.build_boollist',
  'torch.jit._pickle.build_tensorlist',
  'torch.jit._pickle.build_tensor_from_id',
  'torch.jit._pickle.restore_type_tag',
]);

/** Only what is below these is looked at: elsewhere PyTorch downloads, compiles, starts processes. */
const LAYER = /^torch\.nn\.modules\.[a-z_]+\.[A-Z]\w*$/;

const DANGEROUS: [RegExp, string][] = [
  [/^torch\.(?:load|storage\._load_from_bytes|jit\.load|export\.load)$/, 'loads a further pickle, which was not read'],
  [/^torch\.(?:save|from_file|serialization\..*)$/, 'reads, writes or deletes files'],
  [/^torch\.(?:fx|package|_dynamo|_inductor|utils\.cpp_extension|jit)\./, 'builds functions out of code in the file'],
  [/^torch\.(?:hub|utils\.model_zoo)(?:\.|$)/, 'opens network connections'],
  [/^torch\.(?:distributed|multiprocessing)(?:\.|$)/, 'starts processes and network connections'],
  [/^torch\.(?:ops|classes|_ops)(?:\.|$)/, 'loads machine code'],
];

/** What a global of a PyTorch file means: as `judgeGlobal`, and what PyTorch itself writes is known. */
export function judgeTorchGlobal(name: string): PickleGlobal {
  if (TENSORS.has(name) || LAYER.test(name) || name.startsWith('__torch__.')) return { name, danger: 'known' };
  const meaning = DANGEROUS.find(([pattern]) => pattern.test(name))?.[1];
  return meaning === undefined ? judgeGlobal(name) : { name, danger: 'dangerous', meaning };
}

/** Whether a pickle with these globals holds nothing but tensors and plain values. */
export function onlyTensors(globals: readonly PickleGlobal[]): boolean {
  return globals.every(({ name, danger }) => danger === 'known' && !LAYER.test(name));
}
