"""A plug-in that has invoices issued by a gateway over HTTP, and a gateway to try it with: see README.md."""
