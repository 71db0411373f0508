/** One fact on what a model was made with. Where nothing says it, that is the fact. */
export interface Captured {
  /** As PEP 503 normalises it; `python` for Python itself. Of a producer the name that it gives itself: `OnnxMLTools`. */
  package: string;
  /** `producer`: what wrote the model, or the format that it wrote. It is shown, and nothing of it has to be installed. */
  kind: 'exact' | 'range' | 'unknown' | 'producer';
  /** `1.5.2`, `>=3.8,<3.9`, or `unknown`. */
  versions: string;
  /** Where it stands: `meta.json`, `_sklearn_version in model.joblib`, `../requirements.txt`; what was looked at where it is unknown. */
  from: string;
}

/** What wrote a model, by its own word, and where that stands. */
export function producerOf(name: string, version: string, from: string): Captured {
  return { package: name, kind: 'producer', versions: version === '' ? 'unknown' : version, from };
}

/** From PEP 440 specifiers: one `==` without a wildcard is an exact version. */
export function capturedOf(name: string, specifiers: string, from: string): Captured {
  if (specifiers === '') return { package: name, kind: 'unknown', versions: 'unknown', from };
  const exact = /^={2,3}([^*,]+)$/.exec(specifiers)?.[1];
  return exact === undefined
    ? { package: name, kind: 'range', versions: specifiers, from }
    : { package: name, kind: 'exact', versions: exact, from };
}

/** `1.5.2`, `>=3.8,<3.9`, `unknown`, as a requirement takes it: `==1.5.2`. */
export function specifierOf({ kind, versions }: Captured): string {
  if (kind === 'unknown' || kind === 'producer') return '';
  return kind === 'exact' ? `==${versions}` : versions;
}

/** `scikit-learn 1.5.2, numpy >=2, pandas unknown`; of Python, that it is unknown says nothing. Empty where nothing is known. */
export function madeWith(captured: readonly Pick<Captured, 'package' | 'versions'>[]): string {
  const said = captured.filter(({ package: name, versions }) => name !== 'python' || versions !== 'unknown');
  return said.map(({ package: name, versions }) => `${name === 'python' ? 'Python' : name} ${versions}`).join(', ');
}
