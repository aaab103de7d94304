import { HdfsRefusal, isOfOneNode } from './failure.ts';

const ROOT = '/webhdfs/v1';
const OK = 200;
const CREATED = 201;
const TEMPORARY_REDIRECT = 307;

export interface FileStatus {
  /** The name in its folder; empty for the status of a path that was asked for itself. */
  readonly pathSuffix: string;
  readonly type: string;
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modificationTime: number;
}

export interface Listing {
  readonly entries: readonly FileStatus[];
  /** Whether there are more behind the last of them. */
  readonly more: boolean;
}

export interface ContentSummary {
  readonly directoryCount: number;
  readonly fileCount: number;
  readonly length: number;
}

/**
 * A client of WebHDFS, the REST interface of HDFS, for what a place for objects needs. Each method makes one request, by the
 * name node that answered last, or another one when that is a standby or can't be reached. Paths begin with a slash.
 *
 * It throws an HdfsRefusal, or what `fetch` throws.
 */
export class WebHdfs {
  #current = 0;

  constructor(
    private readonly nodes: readonly string[],
    private readonly user: string,
  ) {}

  async status(path: string, signal: AbortSignal): Promise<FileStatus> {
    return (await this.#json('GET', path, { op: 'GETFILESTATUS' }, 'FileStatus', signal)) as FileStatus;
  }

  /** All entries of a folder. */
  async listAll(path: string, signal: AbortSignal): Promise<Listing> {
    const statuses = await this.#json('GET', path, { op: 'LISTSTATUS' }, 'FileStatuses', signal);
    return { entries: (statuses as Statuses).FileStatus, more: false };
  }

  /** Entries of a folder, behind the one of that name; from the first, when it is empty. */
  async listBatch(path: string, startAfter: string, signal: AbortSignal): Promise<Listing> {
    const parameters = { op: 'LISTSTATUS_BATCH', ...(startAfter !== '' && { startAfter }) };
    const listing = (await this.#json('GET', path, parameters, 'DirectoryListing', signal)) as Partial;
    const entries = listing.partialListing.FileStatuses.FileStatus;
    const more = listing.remainingEntries > 0;
    if (more && entries.length === 0) throw new HdfsRefusal(OK, '', 'a listing that does not go on', false);
    return { entries, more };
  }

  async contentSummary(path: string, signal: AbortSignal): Promise<ContentSummary> {
    const parameters = { op: 'GETCONTENTSUMMARY' };
    return (await this.#json('GET', path, parameters, 'ContentSummary', signal)) as ContentSummary;
  }

  /** Deletes a file, or a folder with all in it. False when it did not: mostly since nothing is there. */
  async delete(path: string, recursive: boolean, signal: AbortSignal): Promise<boolean> {
    const parameters = { op: 'DELETE', recursive: String(recursive) };
    return (await this.#json('DELETE', path, parameters, 'boolean', signal)) === true;
  }

  /** Writes a file: a name node says where to, and a data node takes the bytes. */
  async create(path: string, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const asked = await this.#ask('PUT', path, { op: 'CREATE', overwrite: 'true' }, signal);
    await asked.arrayBuffer();
    const location = asked.headers.get('location') ?? '';
    if (asked.status !== TEMPORARY_REDIRECT || !/^https?:\/\//i.test(location)) {
      throw new HdfsRefusal(asked.status, '', 'it does not say where to write to', false);
    }
    const headers = { 'content-type': 'application/octet-stream' };
    const written = await fetch(location, {
      method: 'PUT',
      body: Buffer.from(body),
      headers,
      redirect: 'manual',
      signal,
    });
    await written.arrayBuffer().then((answer) => {
      if (written.status !== CREATED) throw refusalOf(written, Buffer.from(answer).toString('utf8'));
    });
  }

  /** What an answer says under `name`, which all of WebHDFS do. */
  async #json(
    method: string,
    path: string,
    parameters: Parameters,
    name: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const answer = await this.#ask(method, path, parameters, signal);
    const said = valueIn(await answer.text(), name);
    if (said === undefined) throw new HdfsRefusal(answer.status, '', 'an answer that is none of WebHDFS', false);
    return said;
  }

  /** Asks one name node after the other, until one answers that is in charge. */
  async #ask(method: string, path: string, parameters: Parameters, signal: AbortSignal): Promise<Response> {
    for (let tried = 1; ; tried++) {
      const node = this.nodes[this.#current] ?? '';
      try {
        return await this.#askNode(node, method, path, parameters, signal);
      } catch (error) {
        const other = signal.aborted || isOfOneNode(error);
        if (other && this.nodes[this.#current] === node) this.#current = (this.#current + 1) % this.nodes.length;
        if (!other || signal.aborted || tried >= this.nodes.length) throw error;
      }
    }
  }

  async #askNode(
    node: string,
    method: string,
    path: string,
    parameters: Parameters,
    signal: AbortSignal,
  ): Promise<Response> {
    const query = new URLSearchParams({ ...parameters, ...(this.user !== '' && { 'user.name': this.user }) });
    const steps = path.split('/').map(encodeURIComponent).join('/');
    const answer = await fetch(`${node}${ROOT}${steps}?${query}`, { method, redirect: 'manual', signal });
    if (answer.ok || answer.status === TEMPORARY_REDIRECT) return answer;
    throw refusalOf(answer, await answer.text());
  }
}

type Parameters = Readonly<Record<string, string>>;

interface Statuses {
  readonly FileStatus: readonly FileStatus[];
}

interface Partial {
  readonly partialListing: { readonly FileStatuses: Statuses };
  readonly remainingEntries: number;
}

function valueIn(text: string, name: string): unknown {
  try {
    return JSON.parse(text)?.[name];
  } catch {
    return undefined;
  }
}

function refusalOf(answer: Response, body: string): HdfsRefusal {
  const negotiate = answer.status === 401 && /negotiate/i.test(answer.headers.get('www-authenticate') ?? '');
  const { exception = '', message = '' } = remoteException(body);
  return new HdfsRefusal(answer.status, exception, message, negotiate);
}

function remoteException(body: string): { readonly exception?: string; readonly message?: string } {
  try {
    return JSON.parse(body).RemoteException ?? {};
  } catch {
    return {};
  }
}
