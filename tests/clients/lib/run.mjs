// Frame of every script here: options in, one JSON line of results out, exit status 1 if a check failed.
import { spawnSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';

/** Options come as JSON in the environment variable CLIENT_OPTIONS (keys stay off the command line) or as argument. */
function readOptions() {
    const text = process.env.CLIENT_OPTIONS ?? process.argv[2];
    if (!text) {
        throw new Error('pass options as JSON in CLIENT_OPTIONS or as the first argument');
    }
    return JSON.parse(text);
}

/** Node reads NODE_EXTRA_CA_CERTS once, at its start: with another file wanted, start again. */
function restartWithCa(file) {
    if (!file || process.env.NODE_EXTRA_CA_CERTS === file) {
        return;
    }
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
    const child = spawnSync(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' });
    process.exit(child.status ?? 1);
}

class Report {
    checks = {};
    facts = {};

    /** Notes whether something holds; a failure stops nothing, so that one run shows them all. */
    check(name, holds, seen) {
        this.checks[name] = Boolean(holds);
        if (!holds) {
            console.error(`FAILED ${name}: ${JSON.stringify(seen)}`);
        }
    }

    equal(name, seen, wanted) {
        // Strict as to types, indifferent to the order of an object's keys, which JSON does not promise.
        this.check(name, isDeepStrictEqual(seen, wanted), { seen, wanted });
    }

    /** Runs one step whose exception is a failed check. */
    async step(name, work) {
        try {
            return await work();
        } catch (error) {
            const body = error.response?.data ?? error.body ?? error.message;
            this.check(name, false, { error: error.message, body });
            return undefined;
        }
    }

    /** Expects `work` to reject, and hands the error to `inspect`. */
    async refused(name, work, inspect) {
        try {
            const value = await work();
            this.check(name, false, { resolved: value?.data ?? value });
        } catch (error) {
            this.check(name, inspect(error), { error: error.message, status: error.response?.status, body: error.response?.data });
        }
    }
}

/** Runs a script's `body(options, report)`. */
export async function run(body) {
    const options = readOptions();
    restartWithCa(options.ca_file);
    const report = new Report();
    await report.step('ran to its end', async () => {
        await body(options, report);
        report.check('ran to its end', true);
    });
    const ok = Object.values(report.checks).every(Boolean);
    console.log(JSON.stringify({ ok, checks: report.checks, facts: report.facts }));
    process.exit(ok ? 0 : 1);
}
