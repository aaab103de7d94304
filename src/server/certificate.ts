import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Settings } from '../config/settings.ts';
import type { Certificate, TlsFront } from '../net/tls/tls-front.ts';
import type { Logger } from '../observe/logger.ts';
import { StartError } from './start-error.ts';

type Files = Pick<Settings, 'tls_cert' | 'tls_key'>;

/** How often the files are looked at for a new certificate. */
const RENEW_EVERY_MS = 10_000;

/** Reads the certificate and its key. Rejects with a StartError that says which file is at fault, and holds nothing of it. */
export function readCertificate({ tls_cert, tls_key }: Files): Certificate {
  const certificate = { cert: read('tls_cert', tls_cert), key: read('tls_key', tls_key) };
  try {
    createSecureContext(certificate);
    return certificate;
  } catch (error) {
    throw new StartError(`tls_cert ${tls_cert} and tls_key ${tls_key} can't be used together: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Gives `front` the certificate that the files hold whenever they have changed. Returns a function that ends it. */
export function renewCertificate(files: Files, used: Certificate, front: TlsFront, logger: Logger): () => void {
  let last = used;
  let told = '';
  const timer = setInterval(() => {
    try {
      const found = { cert: read('tls_cert', files.tls_cert), key: read('tls_key', files.tls_key) };
      if (isSame(found, last)) return;
      // Not looked at again until it changes: a fault is told once.
      last = found;
      told = '';
      front.renew(readCertificate(files));
      logger.info('new connections get the certificate that tls_cert and tls_key hold now', { ...files });
    } catch (error) {
      const why = (error as Error).message;
      if (why === told) return;
      told = why;
      logger.error('the certificate in tls_cert and tls_key can not be used, the one before it stays', { error });
    }
  }, RENEW_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function isSame(one: Certificate, other: Certificate): boolean {
  return String(one.cert) === String(other.cert) && String(one.key) === String(other.key);
}

function read(setting: keyof Files, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${setting} ${file} can't be read: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
