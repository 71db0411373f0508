import type { Probe } from './environment.ts';

/** A platform that a lock can be made for, with uv's name of it. Linux: glibc 2.28 and newer, as images of today have. */
export const PLATFORMS = {
  'linux-x86_64': 'x86_64-manylinux_2_28',
  'linux-arm64': 'aarch64-manylinux_2_28',
  'macos-arm64': 'aarch64-apple-darwin',
  'macos-x86_64': 'x86_64-apple-darwin',
  'windows-x86_64': 'x86_64-pc-windows-msvc',
} as const;

export type LockPlatform = keyof typeof PLATFORMS;

export const LOCK_PLATFORMS = Object.keys(PLATFORMS) as LockPlatform[];

/** Whether PyTorch's ordinary builds for it bring CUDA along, and builds without are on an index of their own. */
export function hasCudaBuilds(platform: LockPlatform): boolean {
  return !platform.startsWith('macos');
}

/** The platform of an interpreter; undefined where no lock can be made for it (musl, 32 bits, PyPy). */
export function platformOf({
  platform,
  abi,
  implementation,
}: Pick<Probe, 'platform' | 'abi' | 'implementation'>): LockPlatform | undefined {
  if (implementation !== 'cpython' || abi.includes('musl')) return undefined;
  // `linux-x86_64`, `macosx-11.0-arm64`, `win-amd64`, as sysconfig.get_platform says it.
  const [, system = '', machine = ''] = /^(linux|macosx|win)-(?:.*-)?([a-z0-9_]+)$/.exec(platform) ?? [];
  const arm = machine === 'aarch64' || machine === 'arm64';
  const intel = machine === 'x86_64' || machine === 'amd64';
  switch (system) {
    case 'linux':
      return arm ? 'linux-arm64' : intel ? 'linux-x86_64' : undefined;
    case 'macosx':
      // A universal build runs as what the machine is.
      if (machine === 'universal2') return abi.includes('x86_64') ? 'macos-x86_64' : 'macos-arm64';
      return arm ? 'macos-arm64' : intel ? 'macos-x86_64' : undefined;
    case 'win':
      return intel ? 'windows-x86_64' : undefined;
    default:
      return undefined;
  }
}

/** `3.12.4` -> `3.12`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
