import { BaiduStdClient, CallError } from '../../support/baidu-std-client.ts';
import type { Connect } from './transport.ts';

/** Frames of baidu_std, on one connection. */
export const overBaiduStd: Connect = async (port) => {
  const client = await BaiduStdClient.connect(port);
  return {
    call: async (method, request) => {
      const { error_code, error_text, message } = await client.send(method, request);
      if (error_code !== 0) throw new CallError(error_code, error_text);
      return message;
    },
    close: () => client.close(),
  };
};
