// A self-signed certificate for servers on this machine; a client trusts it only if it is configured to.
import {execa} from 'execa'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'

export interface Certificate {
  /** The certificate: the server presents it, and clients add it to their trusted ones. */
  readonly certificate: string
  /** The file with its private key. */
  readonly key: string
}

// Independent of the system's openssl.cnf.
const CONFIGURATION = `[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = heroku-keychain tests
[extensions]
subjectAltName = IP:127.0.0.1, DNS:localhost
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
`

/**
 * Makes a certificate for 127.0.0.1 and localhost in a folder; good for two days. Needs `openssl`.
 * @throws {Error} with openssl's output, if it fails
 */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const configuration = join(folder, 'openssl.cnf')
  const certificate = join(folder, 'certificate.pem')
  const key = join(folder, 'key.pem')
  await writeFile(configuration, CONFIGURATION)
  const what = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  await execa('openssl', ['req', ...what, '-config', configuration, '-keyout', key, '-out', certificate])
  return {certificate, key}
}
