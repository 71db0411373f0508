import path from 'node:path';
import { isFile, readStart } from './folder.ts';

/** What a text model of Hugging Face does, by the name that its model card would use. */
export type Task =
  | 'text-classification'
  | 'zero-shot-classification'
  | 'token-classification'
  | 'question-answering'
  | 'fill-mask'
  | 'summarization'
  | 'translation'
  | 'text2text-generation'
  | 'text-generation'
  | 'feature-extraction';

export type Fields = Record<string, unknown>;

/** A JSON object; undefined where the file is missing, is not JSON, or holds something else. */
export async function readFields(file: string): Promise<Fields | undefined> {
  const value = await readJson(file);
  return isFields(value) ? value : undefined;
}

/** Any JSON value; undefined where the file is missing or is not JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return (await isFile(file)) ? (JSON.parse(await readStart(file)) as unknown) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(fields: Fields | undefined, key: string): string | undefined {
  const value = fields?.[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Where a transformer's module keeps its settings, by its age and kind. */
export const SENTENCE_CONFIGURATIONS = [
  'bert_',
  'roberta_',
  'distilbert_',
  'camembert_',
  'albert_',
  'xlm-roberta_',
  'xlnet_',
  '',
].map((name) => `sentence_${name}config.json`);

/** Whether a config.json is one of transformers. */
export function isConfig(config: Fields | undefined): config is Fields {
  return config !== undefined && (Array.isArray(config['architectures']) || textOf(config, 'model_type') !== undefined);
}

export function architectureOf(config: Fields): string | undefined {
  const all = config['architectures'];
  return Array.isArray(all) ? all.find((one): one is string => typeof one === 'string') : undefined;
}

const IMAGES = new Set(
  'beit blip blip-2 chinese_clip clip clipseg convnext convnextv2 data2vec-vision deit depth_anything detr dinov2 donut-swin efficientnet git idefics idefics2 idefics3 kosmos-2 layoutlm layoutlmv2 layoutlmv3 llava llava_next mask2former maskformer mllama mobilenet_v2 mobilevit owlv2 owlvit paligemma pix2struct pvt qwen2_vl qwen2_5_vl qwen3_vl resnet sam segformer siglip siglip2 smolvlm swin swinv2 table-transformer timesformer timm_wrapper trocr udop videomae vilt vision-encoder-decoder vision-text-dual-encoder vit vit_mae vitpose yolos zoedepth'.split(
    ' ',
  ),
);
const AUDIO = new Set(
  'audio-spectrogram-transformer bark clap data2vec-audio encodec hubert mimi moonshine musicgen parakeet_ctc qwen2_audio seamless_m4t seamless_m4t_v2 sew sew-d speech-encoder-decoder speech_to_text speecht5 unispeech unispeech-sat univnet vits voxtral wav2vec2 wav2vec2-bert wav2vec2-conformer wavlm whisper'.split(
    ' ',
  ),
);
const IMAGE_PARTS =
  /For(?:Image|Object|Semantic|Instance|Universal|Panoptic|Depth|Masked?Image|Video|Keypoint|ZeroShotObject|DocumentQuestion|VisualQuestion|Vision)/;
const AUDIO_PARTS = /For(?:CTC|Audio|Speech|XVector|TextToSpeech|TextToWaveform)|TextToSpeech/;

/** `images` or `audio` where a model reads or makes those; `preprocessor` is its preprocessor_config.json. */
export function otherMedium(config: Fields, preprocessor: Fields | undefined): 'images' | 'audio' | undefined {
  const type = textOf(config, 'model_type') ?? '';
  const architecture = architectureOf(config) ?? '';
  const extractor = textOf(preprocessor, 'feature_extractor_type') ?? '';
  if (AUDIO.has(type) || AUDIO_PARTS.test(architecture) || isFields(config['audio_config'])) return 'audio';
  if (IMAGES.has(type) || IMAGE_PARTS.test(architecture) || isFields(config['vision_config'])) return 'images';
  if (preprocessor === undefined) return undefined;
  if (textOf(preprocessor, 'image_processor_type') ?? preprocessor['image_mean']) return 'images';
  if (preprocessor['sampling_rate'] !== undefined) return 'audio';
  return extractor === '' ? undefined : 'images';
}

const SEQUENCE_TO_SEQUENCE = new Set(
  'bart bigbird_pegasus blenderbot blenderbot-small encoder-decoder fsmt led longt5 m2m_100 marian mbart mt5 mvp nllb-moe pegasus pegasus_x plbart prophetnet switch_transformers t5 t5gemma umt5 xlm-prophetnet'.split(
    ' ',
  ),
);

/** Whether a model has an encoder and a decoder, as T5 and BART have. */
export function isSequenceToSequence(config: Fields | undefined): boolean {
  return SEQUENCE_TO_SEQUENCE.has(textOf(config, 'model_type') ?? '');
}

const TRANSLATORS = new Set(['marian', 'm2m_100', 'nllb-moe', 'fsmt']);

/**
 * The task of a text model from its architecture; `tag` is the `pipeline_tag` of its model card, which decides where
 * the architecture leaves it open. Undefined for what Nimbus does not know. The Python side tells it in the same way:
 * infra/runtime/nimbus_runtime/hugging_face/tasks.py.
 */
export function taskOf(config: Fields, tag: string | undefined): Task | undefined {
  const architecture = architectureOf(config) ?? '';
  if (architecture.endsWith('ForSequenceClassification')) {
    return isEntailment(config) ? 'zero-shot-classification' : 'text-classification';
  }
  if (architecture.endsWith('ForTokenClassification')) return 'token-classification';
  if (/ForQuestionAnswering(?:Simple)?$/.test(architecture)) return 'question-answering';
  if (architecture.endsWith('ForMaskedLM')) return 'fill-mask';
  if (/(?:ForCausalLM|LMHeadModel)$/.test(architecture)) return 'text-generation';
  const type = textOf(config, 'model_type') ?? '';
  if (/(?:ForConditionalGeneration|MTModel|EncoderDecoderModel)$/.test(architecture)) {
    return SEQUENCE_TO_SEQUENCE.has(type) ? generationTask(config, type, tag) : undefined;
  }
  return architecture === '' || architecture.endsWith('Model') ? 'feature-extraction' : undefined;
}

function generationTask(config: Fields, type: string, tag: string | undefined): Task {
  if (tag === 'summarization' || tag === 'translation') return tag;
  if (TRANSLATORS.has(type)) return 'translation';
  if (type.includes('pegasus')) return 'summarization';
  const named = isFields(config['task_specific_params']) ? Object.keys(config['task_specific_params']) : [];
  const summarizes = named.some((one) => one.startsWith('summarization'));
  const translates = named.some((one) => one.startsWith('translation'));
  if (summarizes === translates) return 'text2text-generation';
  return summarizes ? 'summarization' : 'translation';
}

/** A model of natural language inference, whose labels say whether one text follows from another. */
function isEntailment(config: Fields): boolean {
  const labels = isFields(config['label2id']) ? Object.keys(config['label2id']) : [];
  return labels.some((label) => label.toLowerCase().startsWith('entail'));
}

/** `pipeline_tag` of README.md's front matter. */
export async function pipelineTag(folder: string): Promise<string | undefined> {
  const file = path.join(folder, 'README.md');
  if (!(await isFile(file))) return undefined;
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(await readStart(file, 256 * 1024))?.[1];
  return front && /^pipeline_tag:[ \t]*["']?([a-z0-9-]+)["']?[ \t]*$/m.exec(front)?.[1];
}
