/** File names and extensions that give a model away, for a bounded search through a workspace. */
export const MARKERS = {
  /** A folder with one of these may be a model; the detectors say for certain. */
  files: ['meta.json', 'handler.py'],
  /** Beside meta.json a spaCy pipeline also has this. */
  besideMeta: 'config.cfg',
  /** With the dot; as `resourceExtname` in the editor's menus has them. */
  extensions: ['.joblib', '.pkl', '.pickle'],
} as const;

/** One glob for all of them. */
export const MARKERS_GLOB = `**/{${[...MARKERS.files, ...MARKERS.extensions.map((extension) => `*${extension}`)].join(',')}}`;
