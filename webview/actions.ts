import { fail, CANCELLED, type Outcome, type UserError } from '../src/shared/outcome.ts';
import type {
  CodeLanguage,
  LoggedRequest,
  PlaygroundExtension,
  PlaygroundInput,
  SendOptions,
} from '../src/shared/playground.ts';
import type { DeploymentKey } from '../src/shared/spec.ts';
import type { Sample, Through } from '../src/shared/latency.ts';
import { parametersFormOf } from './input/card.ts';
import { readInput } from './input/read.ts';
import type { Action } from './reduce.ts';
import { formOfState, statusOf, type State, type Switching } from './state.ts';

export interface Store {
  get(): State;
  dispatch(action: Action): void;
}

/** What the page's controls do. */
export type Actions = ReturnType<typeof createActions>;

const COPIED_SEEN_MS = 2000;

export function createActions(store: Store, extension: PlaygroundExtension) {
  const { get, dispatch } = store;

  /** The input as typed, or undefined after saying what is wrong with it. */
  function read(as = get().typed): PlaygroundInput | undefined {
    const typed = readInput(as, formOfState(get()), parametersFormOf(get().card));
    if (typed.ok) return typed.value;
    dispatch({ type: 'refused', problems: typed.problems });
    return undefined;
  }

  /** Runs a call whose failure a person should see. A bug in the extension arrives as a rejection. */
  async function guard<T>(call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await call();
    } catch (error) {
      return internal(error);
    }
  }

  /** As `guard`, for calls that answer nothing. */
  async function tell(call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      dispatch({ type: 'failed', error: internal(error).error });
      return false;
    }
  }

  async function sendInput(input: PlaygroundInput, through?: Through): Promise<void> {
    if (get().activity.kind !== 'none') return;
    const { compared } = get();
    if (compared && through !== 'cold') return sendToBoth(input, compared);
    dispatch({ type: 'sending', at: Date.now() });
    const options = sendOptions(through);
    const sent = await guard(() => (options ? extension.send(input, options) : extension.send(input)));
    if (sent.ok) dispatch({ type: 'sample', sample: sent.value });
    dispatch({ type: 'ended', ...shownError(sent) });
  }

  /** Unset where the usual way is meant. */
  function sendOptions(through: Through = get().through): Pick<SendOptions, 'through'> | undefined {
    return through === 'api' ? undefined : { through };
  }

  /** One after the other: at the same time each would slow the other down, and their times are compared too. */
  async function sendToBoth(input: PlaygroundInput, compared: DeploymentKey): Promise<void> {
    const pair = crypto.randomUUID();
    dispatch({ type: 'sending', at: Date.now(), pair });
    let sent: Outcome<Sample> | undefined;
    for (const options of [{ pair }, { pair, to: compared }]) {
      const { activity } = get();
      if (activity.kind === 'send' && activity.cancelling) break;
      sent = await guard(() => extension.send(input, { ...sendOptions(), ...options }));
      if (!sent.ok) break;
      dispatch({ type: 'sample', sample: sent.value });
    }
    dispatch({ type: 'ended', ...(sent && shownError(sent)) });
  }

  /** Asks what the two that are compared differ in, beside their answers. */
  async function lookAtBoth(): Promise<void> {
    const { compared: key } = get();
    if (!key) return;
    try {
      dispatch({ type: 'compared-with', key, found: await extension.compare(key) });
    } catch (error) {
      dispatch({ type: 'failed', error: internal(error).error });
    }
  }

  async function repeat(): Promise<void> {
    const input = get().activity.kind === 'none' ? read() : undefined;
    if (!input) return;
    const { repeatTimes: times, compared } = get();
    dispatch({ type: 'repeating', at: Date.now(), times });
    const options = { ...sendOptions(), ...(compared && { also: compared }) };
    const sent = await guard(() => extension.repeat(input, times, options));
    dispatch({ type: 'ended', ...shownError(sent) });
  }

  async function switchTo(what: Switching): Promise<void> {
    if (get().switching) return;
    dispatch({ type: 'switching', what });
    const { compared } = get();
    let done = await guard<void>(() => extension[what]());
    if (done.ok && compared && what === 'cold') done = await guard<void>(() => extension.cold(compared));
    dispatch({ type: 'switched', ...shownError(done) });
  }

  async function select(key: DeploymentKey): Promise<void> {
    try {
      const card = await extension.select(key);
      dispatch({ type: 'selected', key, card });
      await lookAtBoth();
    } catch (error) {
      dispatch({ type: 'failed', error: internal(error).error });
    }
  }

  /** Chooses the first deployment where the chosen one is gone. */
  async function selectSome(): Promise<void> {
    const first = get().deployments[0];
    if (first && !statusOf(get())) await select({ model: first.model, deployment: first.deployment });
  }

  async function copied(what: string, call: () => Promise<void>): Promise<void> {
    if (!(await tell(call))) return;
    dispatch({ type: 'copied', what });
    setTimeout(() => dispatch({ type: 'copied-seen' }), COPIED_SEEN_MS);
  }

  return {
    dispatch,

    /** Asks the extension for what there is, after the page has loaded. */
    async begin(): Promise<void> {
      try {
        dispatch({ type: 'started', start: await extension.ready(get().selected) });
        await selectSome();
        await lookAtBoth();
      } catch (error) {
        dispatch({ type: 'failed', error: internal(error).error });
      }
    },
    selectSome,
    async send(): Promise<void> {
      const input = get().activity.kind === 'none' ? read() : undefined;
      if (input) await sendInput(input);
    },
    /** Of what is on AWS: the first request of a new environment, which is thrown away. */
    async sendCold(): Promise<void> {
      const input = get().activity.kind === 'none' ? read() : undefined;
      if (input) await sendInput(input, 'cold');
    },
    /** Sends a text of an editor; answers at once with whether it could be sent. */
    predictText(text: string): boolean {
      dispatch({ type: 'filled-text', text });
      const input = get().activity.kind === 'none' ? read() : undefined;
      if (input) void sendInput(input);
      return input !== undefined;
    },
    /** Puts an example into the box and sends it with the parameters that are there. */
    async tryExample(input: unknown): Promise<void> {
      dispatch({ type: 'filled', input });
      // The example itself is sent as it is: a form cannot hold every input.
      const typed = read({ ...get().typed, mode: 'text' });
      if (typed) await sendInput({ ...typed, input });
    },
    async resend({ input, parameters }: Sample): Promise<void> {
      dispatch({ type: 'filled', input, parameters: parameters ?? {} });
      await sendInput({ input, ...(parameters && { parameters }) });
    },
    repeat,
    async cancel(): Promise<void> {
      dispatch({ type: 'cancelling' });
      await tell(() => extension.cancel());
    },
    switchTo,
    select,
    lookAtBoth,
    async compare(key: DeploymentKey | undefined): Promise<void> {
      dispatch({ type: 'compare', key });
      await lookAtBoth();
    },
    async copyAs(language: CodeLanguage): Promise<void> {
      const input = read();
      if (input) await copied('code', () => extension.copyAs(language, input));
    },
    copyText: (what: string, text: string): Promise<void> => copied(what, () => extension.copyText(text)),
    /** Of the chosen deployment, or of another one. */
    showLogs: (request?: LoggedRequest, key?: DeploymentKey): Promise<boolean> =>
      tell(() => (key ? extension.showLogs(request, key) : extension.showLogs(request))),
    runAction: (action: NonNullable<UserError['action']>): Promise<boolean> => tell(() => extension.runAction(action)),
    async fromEditor(): Promise<void> {
      try {
        const text = await extension.editorSelection();
        if (text) dispatch({ type: 'filled-text', text });
        else dispatch({ type: 'failed', error: NO_SELECTION });
      } catch (error) {
        dispatch({ type: 'failed', error: internal(error).error });
      }
    },
  };
}

const NO_SELECTION: UserError = {
  code: 'no-selection',
  what: 'No text is selected in an editor.',
  next: 'Select a text in an editor, then choose “from editor” again.',
};

/** Cancelling is what the person wanted: nothing needs to be said beyond it. */
function shownError(outcome: Outcome<unknown>): { error?: UserError } {
  return outcome.ok || outcome.error.code === CANCELLED ? {} : { error: outcome.error };
}

function internal(error: unknown): Extract<Outcome<never>, { ok: false }> {
  // The editor's message channel turns an Error into an empty object.
  const why = error instanceof Error && error.message ? error.message : undefined;
  const failure = fail('internal', 'Nimbus itself failed: this is a bug in the extension.', {
    ...(why && { why }),
    next: 'The log of the extension says where it happened.',
  });
  return failure as Extract<typeof failure, { ok: false }>;
}
