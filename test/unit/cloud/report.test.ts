/** What AWS Lambda writes into a log, on lines that its documentation shows. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { invocationReport, platformLine, startOf, type InvocationReport } from '../../../src/core/cloud/report.ts';

const ID = '8f507cfc-xmpl-4697-b07a-ac58fc914c95';

describe('a REPORT line of AWS Lambda', () => {
  it('of a warm environment, traced by X-Ray', () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
    const line = `REPORT RequestId: ${ID}\tDuration: 15.74 ms\tBilled Duration: 16 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB\nXRAY TraceId: 1-5e34a614-10bdxmplf1fb44f07bc535a1\tSegmentId: 07f5xmpl2d1f6f85\tSampled: true`;
    const figures = { durationMs: 15.74, billedMs: 16, memoryMb: 128, usedMb: 56 };
    assert.deepEqual(invocationReport(line), { requestId: ID, ...figures });
  });

  it('of the first request of an environment', () => {
    const line = `REPORT RequestId: ${ID}\tDuration: 15.74 ms\tBilled Duration: 146 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB\tInit Duration: 130.49 ms\t`;
    assert.deepEqual(invocationReport(line), {
      requestId: ID,
      durationMs: 15.74,
      billedMs: 146,
      memoryMb: 128,
      usedMb: 56,
      initMs: 130.49,
    });
  });

  it('as the emulator of its runtime interface has it, the initialisation first', () => {
    const line = `REPORT RequestId: ${ID}\tInit Duration: 0.21 ms\tDuration: 1091.25 ms\tBilled Duration: 1092 ms\tMemory Size: 3008 MB\tMax Memory Used: 3008 MB\t`;
    includes(invocationReport(line), { initMs: 0.21, durationMs: 1091.25, billedMs: 1092 });
  });

  it('of an environment from a snapshot', () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html
    const line = `REPORT RequestId: ${ID}\tDuration: 112.63 ms\tBilled Duration: 281 ms\tMemory Size: 512 MB\tMax Memory Used: 96 MB\tRestore Duration: 524.25 ms\tBilled Restore Duration: 168 ms`;
    const report = invocationReport(line);
    includes(report, {
      durationMs: 112.63,
      billedMs: 281,
      restoreMs: 524.25,
      billedRestoreMs: 168,
    });
    assert.equal(report?.initMs, undefined);
  });

  it('of what ran out of time, and of memory', () => {
    const late = `REPORT RequestId: ${ID} Duration: 3000.00 ms Billed Duration: 3000 ms Memory Size: 128 MB Max Memory Used: 30 MB Status: timeout`;
    includes(invocationReport(late), { durationMs: 3000, status: 'timeout' });
    const full = `REPORT RequestId: ${ID}\tDuration: 1520.01 ms\tBilled Duration: 1521 ms\tMemory Size: 128 MB\tMax Memory Used: 129 MB\tStatus: error\tError Type: Runtime.OutOfMemory`;
    includes(invocationReport(full), {
      status: 'error',
      errorType: 'Runtime.OutOfMemory',
      usedMb: 129,
    });
  });

  it('is no line that a model wrote, nor half of one', () => {
    for (const line of [
      'REPORT of sales',
      `REPORT RequestId: ${ID}`,
      `the REPORT RequestId: ${ID}\tDuration: 1 ms`,
      '',
    ]) {
      assert.equal(invocationReport(line), undefined);
    }
  });

  it('is read as it was written, whatever the figures', () => {
    const figure = fc.integer({ min: 0, max: 90_000_000 }).map((one) => one / 100);
    const megabytes = fc.integer({ min: 1, max: 10_240 });
    fc.assert(
      fc.property(
        fc.uuid(),
        figure,
        fc.nat(),
        megabytes,
        megabytes,
        fc.option(figure),
        (id, ms, billed, memory, used, init) => {
          const line = `REPORT RequestId: ${id}\tDuration: ${ms.toFixed(2)} ms\tBilled Duration: ${billed} ms\tMemory Size: ${memory} MB\tMax Memory Used: ${used} MB\t${init === null ? '' : `Init Duration: ${init.toFixed(2)} ms\t`}\n`;
          assert.deepEqual(invocationReport(line), {
            requestId: id,
            durationMs: ms,
            billedMs: billed,
            memoryMb: memory,
            usedMb: used,
            ...(init === null ? {} : { initMs: init }),
          });
        },
      ),
    );
  });
});

describe('the lines of AWS Lambda', () => {
  const uuid = '79b4f56e-95b1-4643-9700-2807f4e68189';
  for (const [text, expected] of [
    [`START RequestId: ${uuid} Version: 7`, { kind: 'start', requestId: uuid, version: '7' }],
    [`START RequestId: ${uuid} Version: $LATEST`, { kind: 'start', requestId: uuid, version: '$LATEST' }],
    [`END RequestId: ${uuid}`, { kind: 'end', requestId: uuid }],
    [
      'INIT_START Runtime Version: python:3.13.v14\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:7b6b1732',
      { kind: 'other' },
    ],
    [`2024-03-13T18:52:31.342Z ${uuid} Task timed out after 3.00 seconds`, { kind: 'failure', requestId: uuid }],
    [
      `RequestId: ${uuid} Error: Runtime exited with error: signal: killed\nRuntime.ExitError`,
      { kind: 'failure', requestId: uuid },
    ],
    // https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
    [
      'INIT_REPORT Init Duration: 1236.04 ms Phase: init Status: timeout',
      { kind: 'init-report', report: { initMs: 1236.04, phase: 'init', status: 'timeout' } },
    ],
    [
      'INIT_REPORT Init Duration: 3003.17 ms\tPhase: invoke\tStatus: error\tError Type: Extension.Crash',
      {
        kind: 'init-report',
        report: { initMs: 3003.17, phase: 'invoke', status: 'error', errorType: 'Extension.Crash' },
      },
    ],
    ['RESTORE_START Runtime Version: python:3.13.v14', { kind: 'other' }],
  ] as const) {
    it(text.slice(0, 60), () => assert.deepEqual(platformLine(text), expected));
  }

  it('are none that a model wrote', () => {
    for (const text of [
      'START',
      'ENDED',
      'INIT_STARTS',
      'nimbus: request 1 failed',
      'Task timed out after 3 seconds',
      '',
    ]) {
      assert.equal(platformLine(text), undefined);
    }
  });
});

describe("the kind of a start, by Lambda's own figures", () => {
  const asked = { lines: [], said: 'warm', totalMs: 1000 } as const;
  for (const [name, report, more, expected] of [
    ['no initialisation', {}, {}, 'warm'],
    ['one that fits into the request', { initMs: 800 }, {}, 'cold'],
    ['one that was longer than the request', { initMs: 1200 }, {}, 'preinitialised'],
    ['a clock of this machine that is late', {}, { said: 'cold' }, 'warm'],
    ['a clock of this machine that is early', { initMs: 800 }, { said: 'preinitialised' }, 'cold'],
    ['none that is told, of an environment that never answered', {}, { said: 'preinitialised' }, 'preinitialised'],
    ['a snapshot', { restoreMs: 300 }, {}, 'restored'],
    ['one that was done again', {}, { lines: ['INIT_REPORT Init Duration: 9999.00 ms\tPhase: invoke'] }, 'cold'],
    [
      'one that ran out of time and was done again',
      {},
      { lines: ['INIT_REPORT Init Duration: 9999.00 ms\tPhase: init\tStatus: timeout'] },
      'cold',
    ],
    [
      'one of provisioned concurrency',
      {},
      { lines: ['INIT_REPORT Init Duration: 9.00 ms\tPhase: provisioned-concurrency'] },
      'warm',
    ],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(startOf(report, { ...asked, ...more }), expected));
  }
});

function includes(report: InvocationReport | undefined, expected: Partial<InvocationReport>): void {
  assert.deepEqual({ ...report, ...expected }, report);
}
