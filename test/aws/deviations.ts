/** Where the emulator is not AWS. docs/aws-emulator.md has the same as tables, which a test holds against this. */

export interface EmulatorDeviation {
  /** What AWS does. */
  aws: string;
  /** What the emulator does by itself. */
  emulator: string;
  /** What emulator/launch.py puts in its place to do as AWS does; where there is none, the tests are on documented answers. */
  patches?: readonly string[];
  /** Titles in a file below test/. */
  tests: { file: string; titles: readonly string[] };
}

const DOCUMENTED = 'aws/documented.test.ts';

/** Made as AWS is, before the tests run. */
export const PATCHED: readonly EmulatorDeviation[] = [
  {
    aws: 'A repository has a name of its own, with TLS',
    emulator: 'Names a host that is not there; its own registry is on this machine, without TLS',
    patches: ['ecr._repo_uri', 'ecr._get_authorization_token'],
    tests: { file: 'aws/deployer.test.ts', titles: ['makes the repository, which is then pushed to'] },
  },
  {
    aws: '`DescribeImages` fails for an image that is not there, and says how large the others are',
    emulator: 'Leaves it out, and knows no sizes',
    patches: ['ecr._describe_images'],
    tests: {
      file: 'aws/update.test.ts',
      titles: ['prunes what is too old to go back to, and nothing that another deployment has'],
    },
  },
  {
    aws: '`BatchDeleteImage` takes a tag away, and the image with the last of its tags',
    emulator: 'Removes the image of any tag',
    patches: ['ecr._batch_delete_image'],
    tests: {
      file: 'aws/update.test.ts',
      titles: ['prunes what is too old to go back to, and nothing that another deployment has'],
    },
  },
  {
    aws: '`BatchCheckLayerAvailability` says which layers the repository has',
    emulator: 'Says of none that it is there',
    patches: ['ecr._batch_check_layer_availability'],
    tests: {
      file: 'aws/redeploy.test.ts',
      titles: [
        'updates the code of the function alone where only that is new',
        'does not take a deploy from elsewhere for its own',
      ],
    },
  },
  {
    aws: 'A function has an image that was pushed, is no index, and memory that the account may have',
    emulator: 'Takes any image and any size',
    patches: [
      'lambda_svc._create_function',
      'lambda_svc._update_config',
      'function_resource["create"]',
      'function_resource["update"]',
    ],
    tests: { file: 'aws/function.test.ts', titles: ['is refused where the image was never pushed'] },
  },
  {
    aws: 'A function is updated, or published, when its update before has ended; `CodeSha256` is the digest of its image',
    emulator: 'Takes any call at any time, and has another hash',
    patches: ['lambda_svc._update_code', 'lambda_svc._get_function'],
    tests: { file: 'aws/update.test.ts', titles: ['moves nothing where something else updates the function'] },
  },
  {
    aws: 'Nothing is published where neither code nor configuration differ from the last version, or the code is another than is asked for',
    emulator: 'Compares how often both were written',
    patches: ['lambda_svc._publish_version'],
    tests: {
      file: 'aws/update.test.ts',
      titles: ['goes over to a version that is published already, where the same is deployed again'],
    },
  },
  {
    aws: 'An alias is of a version that is there',
    emulator: 'Takes any',
    patches: ['lambda_svc._update_alias'],
    tests: { file: 'aws/update.test.ts', titles: ['goes back to any version in one call, and says so'] },
  },
  {
    aws: 'A function runs its image under its limits: memory, processors, a file system to read and `/tmp`',
    emulator: 'Starts the image without its entrypoint and without limits',
    patches: ['lambda_svc._spawn_lambda_container', 'ContainerCollection.run'],
    tests: {
      file: 'aws/function.test.ts',
      titles: ['is taken by its digest, and answers as in Docker: cold, then warm'],
    },
  },
  {
    aws: 'Each version has environments of its own',
    emulator: 'Shares them among versions of one image',
    patches: ['lambda_svc._warm_pool_key'],
    tests: {
      file: 'aws/living.test.ts',
      titles: ['starts cold on demand, without a trace: live, its description and its versions are as before'],
    },
  },
  {
    aws: 'The log of a request ends with `REPORT`, and knows it by the id that the function gets',
    emulator: 'May leave the last lines out, has an id of its own, and asks the engine for a second of statistics',
    patches: ['lambda_svc._invoke_rie', 'lambda_svc._emit_lambda_logs', 'lambda_svc._probe_peak_memory_mb'],
    tests: {
      file: 'aws/living.test.ts',
      titles: ['answers through the API, and its log knows the request by both of its ids'],
    },
  },
  {
    aws: 'CloudFormation takes its time, tells of each resource as it is made, and can be cancelled halfway',
    emulator: 'Makes all at once, and tells of it when all is made',
    patches: [
      'stacks.run_reentrant',
      'stacks._runs_on_worker_thread',
      'handlers._deploy_stack_async',
      'changesets._deploy_stack_async',
    ],
    tests: { file: 'aws/deployer.test.ts', titles: ['cancels an update halfway: what was deployed before is back'] },
  },
  {
    aws: 'A stack that is deleted while it is made stops being made first',
    emulator: 'Goes on, and leaves what it made',
    patches: ['handlers._delete_stack_async'],
    tests: {
      file: 'aws/deployer.test.ts',
      titles: ['cancels a first deploy halfway, once it may delete what is half-made'],
    },
  },
  {
    aws: 'The gateway fills in the templates of its own answers',
    emulator: 'Hands them out as they are; of VTL the tests fill in variables alone, not `#if` and `#set`',
    patches: ['apigateway_v1._execute_in_scope', 'apigateway_v1._invoke_mock_v1'],
    tests: { file: 'aws/contract.test.ts', titles: ['through the API'] },
  },
];

/** Not made at all: tested apart, on answers as AWS documents them. */
export const NOT_EMULATED: readonly EmulatorDeviation[] = [
  {
    aws: 'IAM: a call that no policy allows is refused',
    emulator: 'Asks nobody for rights. A gate before it lets through what the policies of docs/ allow',
    tests: {
      file: 'aws/permissions.test.ts',
      titles: ['say which call is not allowed', 'are both enough for a first deploy, which bootstraps'],
    },
  },
  {
    aws: 'Whoever may not invoke is told which right is missing',
    emulator: 'Refuses nobody',
    tests: { file: DOCUMENTED, titles: ['says which right is missing'] },
  },
  {
    aws: 'A function that nobody calls for weeks becomes inactive, and is woken by a request that fails',
    emulator: 'Is always active',
    tests: {
      file: DOCUMENTED,
      titles: ['is woken by an invocation that fails, and waited for', 'is told why it does not wake'],
    },
  },
  {
    aws: 'A new function, image or version is pending for a while',
    emulator: 'Is there at once',
    tests: {
      file: 'unit/cloud/function-calls.test.ts',
      titles: [
        'waits while an image is made ready, and for a version that is not active yet',
        'says why AWS Lambda could not take the image',
      ],
    },
  },
  {
    aws: 'A key, the name of an API and a new version are known everywhere only after a while',
    emulator: 'Knows them at once',
    tests: {
      file: 'aws/first-answers.test.ts',
      titles: ['are waited for until the name, the key and the version are known everywhere'],
    },
  },
  {
    aws: 'Calls of AWS are throttled, and connections break',
    emulator: 'Takes any number of calls',
    tests: {
      file: 'unit/cloud/function-calls.test.ts',
      titles: [
        'tells a lack of permission from too many calls',
        'goes on where its own first try came through, and only the answer was lost',
      ],
    },
  },
  {
    aws: 'The gateway times out after 29 s, is sometimes down, and tells of both in its own words',
    emulator: 'Throttles and counts the quota, and is never down',
    tests: {
      file: DOCUMENTED,
      titles: [
        'is sent again: ${name}',
        'is not sent again because ${name}',
        'is sent again once only where the function may have crashed',
        'ends when it is cancelled while it waits',
      ],
    },
  },
  {
    aws: 'Lambda has no room, fails, runs out of time or memory, and reports what it used',
    emulator: 'Has room, and its report is that of its runtime interface emulator',
    tests: {
      file: DOCUMENTED,
      titles: [
        "has Lambda's own figures",
        'is sent again where Lambda had no room, failed or was not reached',
        'says that it ${name}, and is not sent again',
      ],
    },
  },
  {
    aws: 'Two who change a function at once are told',
    emulator: 'Says so of its own updates alone',
    tests: { file: DOCUMENTED, titles: ['touches nothing where somebody else changes the function'] },
  },
  {
    aws: 'Stacks and functions have states that only failures bring about',
    emulator: 'Comes to few of them',
    tests: { file: DOCUMENTED, titles: ['is ${status}, with ${said}: ${expected}'] },
  },
  {
    aws: 'A live tail ends after three hours, samples, and may be not allowed',
    emulator: 'Streams all of it, to anybody',
    tests: {
      file: 'aws/living.test.ts',
      titles: ['new ones are looked for where a live tail is not allowed, once each'],
    },
  },
  {
    aws: 'CloudWatch counts requests of the API, by the hour and for months',
    emulator: 'Counts invocations alone; the tests write the metrics of an API themselves',
    tests: {
      file: 'aws/spent.test.ts',
      titles: [
        'is what was counted of this function, its API and its log since then',
        'is billed month by month, page by page, on documented answers of CloudWatch',
        'of a log is for as long as that is kept, on documented answers of CloudWatch',
        'is not known where CloudWatch refuses a metric, on a documented answer',
      ],
    },
  },
  {
    aws: 'Provisioned concurrency takes minutes, answers warm from the first request on, and is billed',
    emulator: 'Is ready at once, and starts cold all the same',
    tests: {
      file: 'aws/spent.test.ts',
      titles: ['of environments that are kept ready is by the hour, on documented answers of CloudWatch'],
    },
  },
  {
    aws: 'With several `corsOrigins` the gateway answers the origin that asks',
    emulator: 'Runs no such template: the tests look at it, and deploy with one origin',
    tests: {
      file: 'unit/infra/api.test.ts',
      titles: ['may call from several: an answer names the one that asks, if it is allowed'],
    },
  },
];
