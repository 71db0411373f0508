/** Cross-origin resource sharing (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol) in what the gateway answers. */

export interface CrossOrigin {
  /** Whether answers differ by the origin that asks. */
  varies: boolean;
  /** VTL before a body's template: sets the header to the origin that asks, where it is one of several allowed. */
  template: string;
  answerHeaders: Record<string, string>;
  preflightHeaders(method: string): Record<string, string>;
  /** Of API Gateway's own problems, which know no VTL: with several origins every page may read them. */
  problemHeaders: Record<string, string>;
}

const ALLOW = 'access-control-allow-origin';
const EXPOSED = "'server-timing, x-request-id'";
const SENT = "'authorization, content-type, x-amz-date, x-amz-security-token, x-api-key'";

/** An hour: browsers cap it themselves, Chromium at two (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age). */
const PREFLIGHT_SECONDS = 3600;

/** Undefined where no origin is allowed: then there is no header at all. */
export function crossOrigin(origins: readonly string[]): CrossOrigin | undefined {
  const [first] = origins;
  if (first === undefined) return undefined;
  const isOne = origins.length === 1;
  const allowed = { [ALLOW]: `'${first}'` };
  return {
    varies: !isOne,
    template: isOne ? '' : overriding(origins),
    answerHeaders: { ...allowed, 'access-control-expose-headers': EXPOSED },
    preflightHeaders: (method) => ({
      ...allowed,
      'access-control-allow-methods': `'${method}'`,
      'access-control-allow-headers': SENT,
      'access-control-max-age': `'${PREFLIGHT_SECONDS}'`,
      ...(isOne ? {} : { vary: "'origin'" }),
    }),
    problemHeaders: { [ALLOW]: isOne ? `'${first}'` : "'*'", 'access-control-expose-headers': EXPOSED },
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html */
function overriding(origins: readonly string[]): string {
  const isAllowed = origins.map((origin) => `$origin == "${origin}"`).join(' || ');
  return (
    `#set($origin = $input.params("origin"))#if($origin == "")#set($origin = $input.params("Origin"))#end` +
    `#if(${isAllowed})#set($context.responseOverride.header.${ALLOW} = $origin)#end`
  );
}
