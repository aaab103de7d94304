import type { ObjectSettings } from '../../../src/objects/options.ts';

/** Settings for places on the same machine. */
export const OBJECT_SETTINGS: ObjectSettings = {
  s3_client_http_scheme: 'http',
  max_s3_client_retry: 2,
  object_request_timeout_ms: 30_000,
  webhdfs_port: 9870,
};
