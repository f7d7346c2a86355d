"""``python -m demo``: serve the demo web until Ctrl-C, to look at it by hand."""

import signal
import threading

import click

from overscripted.demo.web import DemoWeb


@click.command()
@click.option("--libraries", type=click.Choice(["auto", "npm", "own"]), default="auto", show_default=True)
def main(libraries: str) -> None:
    """Serve the demo web and print its addresses.

    \b
    Example:  python -m demo
    Then:     curl --proxy http://127.0.0.1:PORT --cacert FILE https://www.harbourlight-news.com/
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with DemoWeb(libraries) as web:
        click.echo(f"libraries: {web.libraries.mode} {web.libraries.why}".rstrip())
        for vantage, proxy in web.proxies.items():
            click.echo(f"proxy {vantage}: {proxy}")
        click.echo(f"certificate authority: {web.ca_file}")
        click.echo(f"ranking: {web.sites_file}")
        click.echo(f"truth: {web.truth_file}")
        click.echo("Ctrl-C ends it")
        stop.wait()


main()
