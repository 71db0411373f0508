import { isFields } from './transformers-config.ts';

/** What a config.cfg of spaCy makes spaCy call. */
export interface SpacyCalls {
  /** Functions and factories that are not spaCy's own, as `@architectures my.Thing.v1` or `factory thing`. */
  foreign: string[];
  /** It passes `trust_remote_code` on to a library: files of the pipeline run as code. */
  runsOwnCode: boolean;
}

const FACTORIES = new Set(
  'attribute_ruler beam_ner beam_parser doc_cleaner entity_linker entity_ruler future_entity_ruler lemmatizer merge_entities merge_noun_chunks merge_subtokens morphologizer ner parser sentencizer senter span_finder span_ruler spancat spancat_singlelabel tagger textcat textcat_multilabel tok2vec token_splitter trainable_lemmatizer'.split(
    ' ',
  ),
);
/** Of thinc, without those that load what another library has written. */
const LAYERS =
  'CauchySimilarity ClippedLinear Dish Dropout Embed Gelu HardSigmoid HardSwish HardSwishMobilenet HardTanh HashEmbed LSTM LayerNorm Linear Logistic Maxout Mish MultiSoftmax ParametricAttention Relu ReluK Sigmoid Softmax SparseLinear Swish add bidirectional chain clone concatenate expand_window list2array list2padded list2ragged noop padded2list premap_ids ragged2list reduce_first reduce_last reduce_max reduce_mean reduce_sum remap_ids residual resizable siamese sigmoid_activation softmax_activation strings2arrays tuplify uniqued with_array with_array2d with_cpu with_flatten with_getitem with_list with_padded with_ragged with_reshape';
const OWN = String.raw`spacy(?:-legacy)?\.(?!\w*(?:torch|transformer))\w+\.v\d`;
/** By registry, the names of functions that read nothing but numbers and tables. */
const KNOWN: Record<string, RegExp> = {
  '@architectures': new RegExp(`^${OWN}$`, 'i'),
  '@layers': new RegExp(String.raw`^(?:${OWN}|(?:${LAYERS.replaceAll(' ', '|')})\.v\d)$`),
  '@misc': new RegExp(`^${OWN}$`, 'i'),
  '@scorers': new RegExp(`^${OWN}$`, 'i'),
  '@tokenizers': new RegExp(String.raw`^(?:${OWN}|spacy\.[a-z]{2,3}\.\w+)$`, 'i'),
  '@vectors': new RegExp(`^${OWN}$`, 'i'),
  '@initializers': /^(?:glorot|he|lecun)_(?:normal|uniform)_init\.v1$|^(?:normal|uniform|zero)_init\.v1$/,
};
/** Loading resolves none of these, as long as nothing else refers to them. */
const UNUSED = /^(?:training|corpora|initialize|pretraining)(?:\.|$)/;
// oxlint-disable-next-line no-control-regex
const ODD = /[\0-\b\v\f\u000E-\u001F]|^[ \t]*(?![ \t\r\n])[\s\u0085\uFEFF]/m;
const REFERS = /\$\{\s*(?:training|corpora|initialize|pretraining)\b/;

/**
 * Reads a config.cfg as Python's configparser does, without following what its values refer to: a name that is not
 * written out counts as foreign, and so does whatever is not understood.
 */
export function callsOf(config: string): SpacyCalls {
  // Python counts more characters as space, and so as indented, than others do.
  const odd = config.search(ODD);
  if (odd >= 0)
    return {
      foreign: [`unusual characters ${JSON.stringify(config.slice(odd, odd + 40))}`],
      runsOwnCode: /trust_remote_code/.test(config),
    };
  const options = optionsOf(config);
  const used = options.filter(({ section }) => !UNUSED.test(section));
  const considered = used.some(({ value }) => REFERS.test(value)) ? options : used;
  const foreign = new Set<string>();
  let runsOwnCode = false;
  const look = (key: string, value: unknown): void => {
    if (key === 'trust_remote_code' && value !== false && value !== null) runsOwnCode = true;
    if ((key.startsWith('@') || key === 'factory' || key === 'source') && !isKnown(key, value)) {
      foreign.add(`${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`.slice(0, 200));
    }
    if (Array.isArray(value)) for (const one of value as unknown[]) look('', one);
    else if (isFields(value)) for (const [name, one] of Object.entries(value)) look(name, one);
    // What is text here may still be more than that for spaCy, once its references are filled in.
    else if (typeof value === 'string' && /[{[].*(?:@|factory|source|trust_remote_code)/s.test(value)) {
      foreign.add(value.slice(0, 200));
    }
  };
  for (const { key, value } of considered) look(key, parsed(value));
  return { foreign: [...foreign].sort(), runsOwnCode };
}

function isKnown(key: string, value: unknown): boolean {
  if (key === 'source') return value === null;
  if (typeof value !== 'string') return false;
  // Some languages have their own: `en.lemmatizer`.
  if (key === 'factory') return FACTORIES.has(value.replace(/^[a-z]{2,3}\./, ''));
  return Object.hasOwn(KNOWN, key) && KNOWN[key]!.test(value);
}

/** As confection reads a value: JSON, and else the text itself. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value.trim();
  }
}

interface Option {
  section: string;
  key: string;
  value: string;
}

/** Line by line as Python's configparser does: what is indented deeper than an option goes on with it. */
function optionsOf(config: string): Option[] {
  const options: Option[] = [];
  let section = '';
  let last: Option | undefined;
  let indent = 0;
  for (const line of config.split(/\r\n|\r|\n/)) {
    const text = line.trim();
    if (text === '' || /^[#;]/.test(text)) continue;
    const depth = line.search(/\S/);
    if (last && depth > indent) {
      last.value += `\n${text}`;
      continue;
    }
    indent = depth;
    const header = /^\[(.+)\]/.exec(text)?.[1];
    if (header !== undefined) {
      section = header;
      last = undefined;
      continue;
    }
    const found = /^(.*?)\s*(?:[=:]\s*(.*))?$/.exec(text)!;
    last = { section, key: found[1]!.trim(), value: found[2] ?? '' };
    options.push(last);
  }
  return options;
}
