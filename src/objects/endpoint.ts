import { isIP } from 'node:net';
import { ObjectStoreError } from './object-store-error.ts';

/** The address of an endpoint that may come without a scheme. Throws an ObjectStoreError when it is none. */
export function endpointUrl(endpoint: string, scheme: string): URL {
  const text = endpoint.trim();
  const address = /^https?:\/\//i.test(text) ? text : `${scheme}://${text}`;
  const url = text !== '' && URL.canParse(address) ? new URL(address) : undefined;
  if (
    !url ||
    url.hostname === '' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new ObjectStoreError('misconfigured', 'its endpoint is no address');
  }
  return url;
}

/** Whether a bucket can't stand before the host: addresses in figures and names of one word have no names below them. */
export function needsPathStyle({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 || !host.includes('.');
}
