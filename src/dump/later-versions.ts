/**
 * What FoundationDB's version goes on by in a day, a million a second, whether or not anything is written. A store goes on
 * after the state that is restored, and gives versions to those who ask, frontends above all, of which its pairs hold no
 * trace. So a store that was restored goes on as many versions later: the embedded engine, whose version rises by one with
 * each sync, takes years for them.
 */
export const VERSIONS_OF_A_DAY = 86_400_000_000n;
