/** Packages that only a GPU of NVIDIA can use, as PyPI's PyTorch and XGBoost bring them along on Linux. */
const NAMES =
  /^(?:nvidia-.*|cuda-.*|triton|triton-windows|pytorch-triton(?:-.*)?|cupy-cuda.*|onnxruntime-gpu|tensorrt(?:-.*)?|torch-tensorrt|bitsandbytes|flash-attn)$/;

/** `name` is normalised. A build of PyTorch says in its local version what it was made for: `2.9.0+cu128`. */
export function isCuda(name: string, version = ''): boolean {
  return NAMES.test(name) || /\+(?:cu\d|rocm)/.test(version);
}

/**
 * Left out of every lock: what is only loaded where there are several GPUs, and is no condition for working without.
 * XGBoost opens NCCL when a training on several GPUs asks for it
 * (https://xgboost.readthedocs.io/en/stable/build.html, USE_DLOPEN_NCCL).
 */
export const NEEDLESS = ['nvidia-nccl-cu11', 'nvidia-nccl-cu12', 'nvidia-nccl-cu13'];

/** Of PyTorch's own index, where its builds without CUDA are. */
export const TORCH_PACKAGES = ['torch', 'torchvision', 'torchaudio'];
