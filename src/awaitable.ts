/**
 * What is there at once, or comes later. The way of a call is written in these rather than in promises alone: from a store
 * in this process nearly everything is there at once, and each turn among the promises takes longer than a read.
 */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with `value` when it is there, which may be at once. */
export function whenThere<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs `work`, and leaves to `failed` whatever it throws, at once or by rejecting. */
export function attempt<T>(work: () => Awaitable<T>, failed: (error: unknown) => Awaitable<T>): Awaitable<T> {
  let result: Awaitable<T>;
  try {
    result = work();
  } catch (error) {
    return failed(error);
  }
  return result instanceof Promise ? result.catch(failed) : result;
}
