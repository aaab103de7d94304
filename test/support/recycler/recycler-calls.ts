/** Calls of the recycler's API over HTTP. */

export interface SweepShown {
  readonly name: string;
  readonly state: string;
  readonly scanned: number;
  readonly found: number;
  readonly deleted: number;
  readonly failed: number;
  readonly objects: number;
  readonly last_failure?: string;
}

export interface JobShown {
  readonly round?: {
    readonly state: string;
    readonly began_ms: number;
    readonly reason?: string;
    readonly sweeps: readonly SweepShown[];
  };
  readonly [field: string]: unknown;
}

const TOKEN = 'greedisgood9999';

export interface RecyclerAnswer {
  readonly status: number;
  readonly text: string;
}

/** Calls an operation of `base`, the address of a service. */
export async function callRecycler(
  base: string,
  operation: string,
  query: Readonly<Record<string, string>> = {},
  body?: object,
): Promise<RecyclerAnswer> {
  const parameters = new URLSearchParams({ token: TOKEN, ...query });
  const response = await fetch(`${base}/RecyclerService/http/${operation}?${parameters}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { accept: 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** Has instances recycled soon. */
export async function recycleInstances(base: string, ...instance_ids: string[]): Promise<void> {
  const { status, text } = await callRecycler(base, 'recycle_instance', {}, { instance_ids });
  if (status !== 200) throw new Error(`recycle_instance was answered with ${status} ${text}`);
}

export async function jobInfo(base: string, instance_id: string): Promise<JobShown> {
  const { status, text } = await callRecycler(base, 'recycle_job_info', { instance_id });
  if (status !== 200) throw new Error(`recycle_job_info was answered with ${status} ${text}`);
  return JSON.parse(text);
}
