import type { Framework } from '../../shared/spec.ts';
import type { Detection } from './detection.ts';

const WAYS: Partial<Record<Framework, string>> = {
  sklearn:
    'The way out: skops.io.dump(model, "model.skops"). Such a file is looked into the same way, and loading it makes nothing but what it lists.',
  transformers:
    'The way out: model.save_pretrained(folder, safe_serialization=True) with the tokenizer beside it. A safetensors file holds numbers only.',
  torch:
    'The way out: safetensors.torch.save_file(model.state_dict(), "model.safetensors") and a handler.py that makes the model. Such a file holds numbers only.',
};

/** How to save the same model so that loading it runs nothing unforeseen; undefined where there is no such question. */
export function saferFormat({ framework, risk }: Pick<Detection, 'framework' | 'risk'>): string | undefined {
  return risk.kind === 'unknown-globals' || risk.kind === 'dangerous-globals' ? WAYS[framework] : undefined;
}
