import type { LockPlatform } from './lock-platform.ts';
import type { PackageSettings } from './packages.ts';

/** A Python interpreter that might run the model, and where Nimbus found it. */
export interface Candidate {
  /** Absolute path. */
  python: string;
  /** `kept`: chosen for an earlier deploy of this deployment; `current`: it runs on it, and nobody chose it. */
  source: 'chosen' | 'kept' | 'current' | 'python-extension' | 'project' | 'conda' | 'pyenv' | 'path' | 'managed';
}

/** What a probe learned of an interpreter, without importing any framework. */
export interface Probe {
  python: string;
  /** `3.12.4`. */
  version: string;
  implementation: string;
  /** `cpython-312-x86_64-linux-gnu`, or what the platform has instead. */
  abi: string;
  platform: string;
  /** Installed versions of the packages asked about, by normalised name; absent where not installed. */
  packages: Record<string, string>;
  /** Every installed distribution but the tools that install (pip, uv, setuptools, wheel), by normalised name. */
  installed?: Record<string, string>;
  /** Folder of the conda environment, where it is one. */
  conda?: string;
}

/** Which Python will run the model; part of a deploy's plan. */
export type EnvironmentPlan =
  | {
      kind: 'use';
      python: string;
      source: Candidate['source'];
      probe: Probe;
      /** Hash of the section of nimbus.lock that is for this Python and what the model asks for; absent where none is. */
      lock?: string;
    }
  | {
      kind: 'create';
      /** The interpreter that the environment is made from. */
      base: string;
      /** Its Python version; unset in plans of an older Nimbus. */
      version?: string;
      requirements: string[];
      tool: 'uv' | 'pip';
      /** Folder name in the per-user cache: hash of platform, ABI, requirements and lock. */
      key: string;
      /** The section of nimbus.lock that it is made from. */
      lock?: EnvironmentLock;
      /** Where the lock is written that is made with it; absent where one is there, or none can be made. */
      lockTo?: { file: string; platform: LockPlatform; python: string };
      /** May hold passwords: kept in memory only, and never logged. */
      packages?: PackageSettings;
    };

export interface EnvironmentLock {
  hash: string;
  /** A requirements.txt with hashes. */
  text: string;
  /** Installing needs PyTorch's index of builds without CUDA too. */
  torchCpu: boolean;
}

/** Code of the error that says that no interpreter has the version that models.json names: one may still be chosen. */
export const NO_SUCH_PYTHON = 'python-version-missing';

/** What the editor offers where no interpreter that was tried runs the model. */
export const SELECT_INTERPRETER = { label: 'Select Interpreter', command: 'nimbus.selectInterpreter' };
