/** How images are built: the editor's settings `nimbus.image.*`, or the command line's variables. */
export interface ImageSettings {
  /** By Python version: the image to build from in the place of the usual one. */
  baseImages?: Record<string, string>;
  /** A registry in the place of those that base images come from. */
  registryMirror?: string;
  /** Handed to the build by name; never for secrets, which an image's history would tell. */
  buildArguments?: Record<string, string>;
  /** Network of the build's commands: `host` where the engine's own has no way out (VPN). */
  network?: string;
  /** `x86_64` or `arm64`; this machine's own where left out. */
  architecture?: string;
  /** Packages without a wheel may be compiled in the build. */
  allowCompiler?: boolean;
  /** CUDA packages may be in an image. */
  allowCuda?: boolean;
}

/** `NAME=value`, separated by spaces or new lines. */
function pairs(text: string | undefined): Record<string, string> | undefined {
  const found = (text ?? '').split(/\s+/).flatMap((one) => {
    const at = one.indexOf('=');
    return at > 0 ? [[one.slice(0, at), one.slice(at + 1)]] : [];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** The variables of the command line; the editor has settings of the same names. */
export function imageSettings(env: NodeJS.ProcessEnv): ImageSettings {
  const baseImages = pairs(env['NIMBUS_BASE_IMAGES']);
  const buildArguments = pairs(env['NIMBUS_BUILD_ARGUMENTS']);
  const network = env['NIMBUS_BUILD_NETWORK']?.trim();
  const registryMirror = env['NIMBUS_REGISTRY_MIRROR']?.trim();
  const architecture = env['NIMBUS_ARCHITECTURE']?.trim();
  return {
    ...(baseImages ? { baseImages } : {}),
    ...(buildArguments ? { buildArguments } : {}),
    ...(registryMirror ? { registryMirror } : {}),
    ...(network ? { network } : {}),
    ...(architecture ? { architecture } : {}),
    ...(env['NIMBUS_ALLOW_COMPILER'] === '1' ? { allowCompiler: true } : {}),
    ...(env['NIMBUS_ALLOW_CUDA'] === '1' ? { allowCuda: true } : {}),
  };
}
