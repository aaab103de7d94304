import type { Logger } from '../observe/logger.ts';

/** What a request does wrong must not end the service for all others: data is safe in the store's transactions, so it goes on. */
export function keepRunning(logger: Logger): void {
  process.on('uncaughtException', (error) => logger.error('an exception that nothing caught', { error }));
  process.on('unhandledRejection', (error) => logger.error('a rejection that nothing handled', { error }));
}
