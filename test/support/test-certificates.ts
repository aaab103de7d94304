import { createPrivateKey } from 'node:crypto';

/** A certificate and its key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Made with openssl for these tests, for localhost and 127.0.0.1, until the year 2126. */
export const LOCALHOST: TestCertificate = testCertificate(
  'MIIBnDCCAUGgAwIBAgIUCd6BNAqUc88jKVmUGmECWkclTTQwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzEzMTY0MVoYDzIxMjYxMDMwMTMxNjQxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASXppxtFObrhEHKBL6vPdVowFsRODrIQ5S23xVxWgjrXp/+nqyWDv8aVsEwFgrHR/5JnDJLnH8G6rqoBKNFefvbo28wbTAdBgNVHQ4EFgQUbcO46dS4f8yEMuc0Inx4iC/vVvMwHwYDVR0jBBgwFoAUbcO46dS4f8yEMuc0Inx4iC/vVvMwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDSQAwRgIhALaqvyTjnPbPf2OIqCji6F+eaq+BfKLV6JAWXcQSXjjmAiEArZ0vdf2tLV6kXTFG3CTWF4tr5JiWw9dHccOiOY/DI/8=',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrCLpn7aTg6KdXLyl9n+sUgfWCiky5yLlhJFEKVn2teyhRANCAASXppxtFObrhEHKBL6vPdVowFsRODrIQ5S23xVxWgjrXp/+nqyWDv8aVsEwFgrHR/5JnDJLnH8G6rqoBKNFefvb',
);

export const RENEWED: TestCertificate = testCertificate(
  'MIIBlzCCAT2gAwIBAgIUXSqiLV8monGoXOrzTyjvW+bk3RAwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHcmVuZXdlZDAgFw0yNjExMjMxMzE2NDJaGA8yMTI2MTAzMDEzMTY0MlowEjEQMA4GA1UEAwwHcmVuZXdlZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABATW0yhCQzzDw1EX3FXkdHP5heAZRdwt7O6XLIiMX/MdW99PuOEij4scK/Kgppz7ToYhfE6IYqm6asfun2SkF/2jbzBtMB0GA1UdDgQWBBRI959SKo1FOmrFhK0juz1XbfcGODAfBgNVHSMEGDAWgBRI959SKo1FOmrFhK0juz1XbfcGODAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAKBggqhkjOPQQDAgNIADBFAiAHnGju5bG3nfiR5o8ui7cLjhIk1sS2hvfo4Z+9najcTAIhAMZUlRKhnFbNS8IL2gwAjvG+Tc+hEriOD1S0p+v26vqA',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgD5KFmvnScl0U8G+ZqFyGur9l9tqokBM6vAPWqB20xuGhRANCAAQE1tMoQkM8w8NRF9xV5HRz+YXgGUXcLezulyyIjF/zHVvfT7jhIo+LHCvyoKac+06GIXxOiGKpumrH7p9kpBf9',
);

/** From the certificate and the key in DER, as base64: in PEM, the key would be taken for one that was lost here. */
function testCertificate(cert: string, key: string): TestCertificate {
  const lines = cert.match(/.{1,64}/g) ?? [];
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' })
      .export({ format: 'pem', type: 'pkcs8' })
      .toString(),
  };
}
