// A real OAuth 2.0 server for the tests: oidc-provider, as strict as X. PKCE is required, refresh tokens
// are rotated and good for one renewal, and the whole grant is revoked when one is used twice.
//
//   node oidc.mjs PORT        (from the folder that oidc-provider is installed in)
//
// Beside OAuth it answers GET /2/users/me as X does. To the client `takaza` it is a sign-in service: OpenID
// Connect, with a client secret.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const installed = createRequire(pathToFileURL(`${process.cwd()}/`));
const { default: Provider } = await import(pathToFileURL(installed.resolve('oidc-provider')));

const port = Number(process.argv[2]);
const scopes = ['openid', 'tweet.read', 'tweet.write', 'users.read', 'like.read', 'offline.access'];

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'takaza-test',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/accounts/back'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }, {
    client_id: 'takaza',
    client_secret: 'only-for-tests',
    application_type: 'native',
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: ['http://localhost/sign-in/back'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
  }],
  scopes,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  ttl: { AccessToken: 7200, AuthorizationCode: 30, RefreshToken: 86400, Grant: 86400, Interaction: 600, Session: 86400 },
  cookies: { keys: ['only for tests'] },
});

provider.use(async (ctx, next) => {
  if (ctx.path !== '/2/users/me') return next();
  const [, bearer] = ctx.get('authorization').split(' ');
  const token = bearer && await provider.AccessToken.find(bearer);
  if (token) {
    ctx.body = { data: { id: `id-${token.accountId}`, name: token.accountId, username: token.accountId } };
  } else {
    ctx.status = 401;
  }
  return undefined;
});

provider.listen(port, '127.0.0.1');
