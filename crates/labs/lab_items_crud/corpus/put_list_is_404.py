# Demand 9, check method.
"""Um PUT na lista é 404, e não 405."""

import solution

decent = solution.Client.route


def route(self, body):
    if (self.command, self.path) == ("PUT", "/items"):
        raise solution.Refused(404)
    decent(self, body)


solution.Client.route = route
solution.main()
