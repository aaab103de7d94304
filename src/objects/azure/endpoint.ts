import { endpointUrl, needsPathStyle } from '../endpoint.ts';
import type { AzureLocation } from '../location.ts';

const USUAL_HOST = 'blob.core.windows.net';

/**
 * The address of a container. Accounts take no requests without TLS unless they are told to, so that it is used wherever the
 * endpoint doesn't say otherwise. Throws an ObjectStoreError when the endpoint is no address.
 */
export function containerUrl({ endpoint, account, container }: AzureLocation): string {
  const url = endpointUrl(endpoint === '' ? USUAL_HOST : endpoint, 'https');
  // The host of a whole cloud: `blob.core.windows.net`, `blob.core.chinacloudapi.cn`.
  if (/^blob\./i.test(url.hostname)) url.hostname = `${account}.${url.hostname}`;
  const steps = url.pathname.split('/').filter((step) => step !== '');
  // An emulator, or whatever else has no name of its own for an account, has it in the path.
  if (needsPathStyle(url) && steps[0] !== account) steps.unshift(account);
  url.pathname = [...steps, container].map((step) => encodeURIComponent(decodeURIComponent(step))).join('/');
  return url.href;
}
