import { beginCopy } from '../../meta/copy/begin-copy.ts';
import { filterCopyFiles } from '../../meta/copy/filter-copy-files.ts';
import { finishCopy } from '../../meta/copy/finish-copy.ts';
import { getCopyFiles } from '../../meta/copy/get-copy-files.ts';
import { getCopyJob } from '../../meta/copy/get-copy-job.ts';
import * as copy from '../../schema/gen/cloud/copy_pb.ts';
import { method } from '../method.ts';
import { BY_UNIQUE_ID } from './callers.ts';

export const copyMethods = {
  begin_copy: method({
    name: 'begin_copy',
    request: copy.BeginCopyRequestSchema,
    response: copy.BeginCopyResponseSchema,
    caller: BY_UNIQUE_ID,
    run: beginCopy,
  }),
  finish_copy: method({
    name: 'finish_copy',
    request: copy.FinishCopyRequestSchema,
    response: copy.FinishCopyResponseSchema,
    caller: BY_UNIQUE_ID,
    run: finishCopy,
  }),
  get_copy_job: method({
    name: 'get_copy_job',
    request: copy.GetCopyJobRequestSchema,
    response: copy.GetCopyJobResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getCopyJob,
  }),
  get_copy_files: method({
    name: 'get_copy_files',
    request: copy.GetCopyFilesRequestSchema,
    response: copy.GetCopyFilesResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getCopyFiles,
  }),
  filter_copy_files: method({
    name: 'filter_copy_files',
    request: copy.FilterCopyFilesRequestSchema,
    response: copy.FilterCopyFilesResponseSchema,
    caller: BY_UNIQUE_ID,
    run: filterCopyFiles,
  }),
} as const;
