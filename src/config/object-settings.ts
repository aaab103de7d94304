import { boolean, choice, integer, port } from './kind.ts';
import { doris, own } from './setting.ts';

/** What Doris has for no limit. */
const UNLIMITED = 1e18;

const tokens = (min: number) => integer({ placeholder: 'N', min, max: UNLIMITED });

/** How object storage is asked, in the section of storage. */
export const OBJECT_STORAGE = {
  s3_client_http_scheme: doris(
    choice('http', 'https'),
    'http',
    'How to talk to an endpoint of object storage that is given without `http://` or `https://`.',
  ),
  max_s3_client_retry: doris(
    integer({ placeholder: 'N', min: 0, max: 1000 }),
    '10',
    'How often a request to object storage is made again after a fault that may pass.',
  ),
  object_request_timeout_ms: own(
    integer({ placeholder: 'MS', min: 1, max: 3_600_000 }),
    '60000',
    'How long one request to object storage may take.',
  ),
  webhdfs_port: own(port, '9870', 'Where the name nodes of HDFS vaults listen for HTTP, where nothing else says it.'),
  enable_s3_rate_limiter: doris(
    boolean,
    'false',
    'Whether requests to object storage are limited by the settings below, or by what `adjust_rate_limiter` has set.',
  ),
  s3_get_bucket_tokens: doris(
    tokens(1),
    `${UNLIMITED}`,
    'Requests that read or list which a process may make at once after a while without any.',
  ),
  s3_get_token_per_second: doris(tokens(1), `${UNLIMITED}`, 'Such requests that it may make in a second.'),
  s3_get_token_limit: doris(tokens(0), '0', 'Such requests that it may make at all; 0 for any number.'),
  s3_put_bucket_tokens: doris(
    tokens(1),
    `${UNLIMITED}`,
    'Requests that write or delete which a process may make at once after a while without any.',
  ),
  s3_put_token_per_second: doris(tokens(1), `${UNLIMITED}`, 'Such requests that it may make in a second.'),
  s3_put_token_limit: doris(tokens(0), '0', 'Such requests that it may make at all; 0 for any number.'),
};
