"""OneLogin, the first of the providers. What others need of it stands in the door of the simulator.

Its template of the body, its calls and its checks; the application as an administrator sees it, with the queue, the
approvals and the provisioning states; and its story.
"""
