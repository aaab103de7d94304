import { HdfsRefusal, isOfOneNode } from './failure.ts';

const ROOT = '/webhdfs/v1';
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
    const { FileStatus } = await this.#json<{ FileStatus: FileStatus }>('GET', path, { op: 'GETFILESTATUS' }, signal);
    return FileStatus;
  }

  /** All entries of a folder. */
  async listAll(path: string, signal: AbortSignal): Promise<Listing> {
    const answer = await this.#json<{ FileStatuses: Statuses }>('GET', path, { op: 'LISTSTATUS' }, signal);
    return { entries: answer.FileStatuses.FileStatus, more: false };
  }

  /** Entries of a folder, behind the one of that name; from the first, when it is empty. */
  async listBatch(path: string, startAfter: string, signal: AbortSignal): Promise<Listing> {
    const parameters = { op: 'LISTSTATUS_BATCH', ...(startAfter !== '' && { startAfter }) };
    const { DirectoryListing } = await this.#json<{ DirectoryListing: Partial }>('GET', path, parameters, signal);
    const entries = DirectoryListing.partialListing.FileStatuses.FileStatus;
    return { entries, more: DirectoryListing.remainingEntries > 0 && entries.length > 0 };
  }

  async contentSummary(path: string, signal: AbortSignal): Promise<ContentSummary> {
    const parameters = { op: 'GETCONTENTSUMMARY' };
    const answer = await this.#json<{ ContentSummary: ContentSummary }>('GET', path, parameters, signal);
    return answer.ContentSummary;
  }

  /** Deletes a file, or a folder with all in it. Nothing happens when it is not there. */
  async delete(path: string, recursive: boolean, signal: AbortSignal): Promise<void> {
    await this.#json('DELETE', path, { op: 'DELETE', recursive: String(recursive) }, signal);
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

  async #json<T>(method: string, path: string, parameters: Parameters, signal: AbortSignal): Promise<T> {
    const answer = await this.#ask(method, path, parameters, signal);
    const text = await answer.text();
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new HdfsRefusal(answer.status, '', 'an answer that is no JSON', false);
    }
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
