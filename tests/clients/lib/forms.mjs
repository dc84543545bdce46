// Walks sign-in and consent pages without a browser: plain forms, links and redirects, with a cookie jar.

const decode = (text) =>
    text
        .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
        .replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)))
        .replace(/&quot;/g, '"')
        .replace(/&lt;/g, '<')
        .replace(/&gt;/g, '>')
        .replace(/&amp;/g, '&');

const attributes = (tag) =>
    Object.fromEntries(
        [...tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g)]
            .slice(1)
            .map(([, name, double, single, bare]) => [name.toLowerCase(), decode(double ?? single ?? bare ?? '')])
    );

function readForms(html) {
    return [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/gi)].map(([form]) => {
        const inputs = [...form.matchAll(/<input\b[^>]*>/gi)].map(([tag]) => attributes(tag));
        const buttons = [...form.matchAll(/(<button\b[^>]*>)([\s\S]*?)<\/button>/gi)].map(([, tag, inner]) => ({
            ...attributes(tag),
            text: decode(inner.replace(/<[^>]*>/g, ' ')).trim()
        }));
        const submits = inputs.filter((input) => input.type === 'submit').map((input) => ({ ...input, text: input.value }));
        return {
            ...attributes(form.match(/<form\b[^>]*>/i)[0]),
            fields: inputs.filter((input) => input.name && input.type !== 'submit'),
            buttons: [...buttons, ...submits]
        };
    });
}

const mentions = (part, login) => JSON.stringify(part).toLowerCase().includes(login.toLowerCase());
const agrees = (button) => /^(accept|allow|approve|consent|continue|next|sign in|yes)$/i.test(button.text ?? button.value);

/**
 * The form to send and the button to press: the one for `login`, else a field for it, else the one that agrees, else
 * a form without buttons, which a script would send. None where a person would be stuck.
 */
function choose(forms, login) {
    for (const form of forms) {
        const button = form.buttons.find((candidate) => mentions(candidate, login));
        if (button) {
            return { form, button };
        }
    }
    const asking = forms.find((form) => form.fields.some((field) => isLoginField(field) && field.type !== 'hidden'));
    const chosen =
        asking ??
        forms.find((form) => form.buttons.some(agrees)) ??
        forms.find((form) => form.buttons.length === 0);
    return { form: chosen, button: chosen?.buttons.find(agrees) };
}

const isLoginField = (field) => ['login', 'username', 'loginfmt', 'email', 'login_hint'].includes(field.name);

function body(form, button, login, typed) {
    const values = new URLSearchParams();
    for (const field of form.fields) {
        const skip = (field.type === 'radio' || field.type === 'checkbox') && !('checked' in field) && !mentions(field, login);
        if (!skip) {
            const answer = isLoginField(field) ? login : (typed[field.name] ?? (field.name === 'password' ? 'any password' : undefined));
            values.append(field.name, (field.type !== 'hidden' && answer) || field.value || '');
        }
    }
    if (button?.name) {
        values.append(button.name, button.value ?? '');
    }
    return values;
}

/** A fetch that keeps cookies per host and never follows redirects. */
export function browser() {
    const jar = new Map();
    return async (url, init = {}) => {
        const host = new URL(url).hostname;
        const cookies = jar.get(host) ?? new Map();
        jar.set(host, cookies);
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(cookie && { cookie }) } });
        for (const line of response.headers.getSetCookie()) {
            const [pair] = line.split(';');
            const at = pair.indexOf('=');
            cookies.set(pair.slice(0, at), pair.slice(at + 1));
        }
        return response;
    };
}

/**
 * Opens `url` and goes on until a redirect to a URL that starts with `until`, which is returned and not fetched.
 * `fields` are answers for inputs by name. Throws with the page's text if a page offers no way on.
 */
export async function walk(url, { login, until, fields = {}, go = browser(), pages = [] }) {
    let response = await go(url);
    let at = url;
    for (let turn = 0; turn < 20; turn++) {
        const location = response.headers.get('location');
        if (location) {
            at = new URL(location, at).href;
            if (until && at.startsWith(until)) {
                return new URL(at);
            }
            response = await go(at);
            continue;
        }
        const html = await response.text();
        pages.push({ url: at, status: response.status, html });
        const { form, button } = choose(readForms(html), login);
        const link = html.match(/<a\b[^>]*>/gi)?.map(attributes).find((a) => a.href && mentions(a, login));
        if (form) {
            const target = new URL(button?.formaction || form.action || at, at);
            const values = body(form, button, login, fields);
            at = target.href;
            if ((form.method ?? 'get').toLowerCase() === 'post') {
                response = await go(at, { method: 'POST', body: values });
            } else {
                target.search = values;
                at = target.href;
                response = await go(at);
            }
        } else if (link) {
            at = new URL(link.href, at).href;
            response = await go(at);
        } else {
            throw new Error(`no way on from ${at} (${response.status}): ${html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').slice(0, 400)}`);
        }
    }
    throw new Error(`still at ${at} after 20 steps`);
}
